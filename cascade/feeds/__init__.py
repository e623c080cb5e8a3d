"""Batches from datasets, whose sequence no worker, rank or interruption changes."""
