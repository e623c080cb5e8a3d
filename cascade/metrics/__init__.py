"""Metrics: distances of waveforms and spectra, and embeddings with their Frechet distance."""
