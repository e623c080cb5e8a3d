"""Demo songs, composed and played here, so that everything can be tried at once."""
