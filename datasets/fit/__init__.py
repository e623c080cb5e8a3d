"""Fit: a recipe whose results are like a folder of released mixes."""
