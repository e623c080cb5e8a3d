"""Plans: every session of a dataset, drawn and written before anything is rendered."""
