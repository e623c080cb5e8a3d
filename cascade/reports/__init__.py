"""The report of a run: curves, scores and sound on one page."""
