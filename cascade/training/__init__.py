"""Training: stages, losses, examples, processes, checkpoints and the diary of a run."""
