"""Restoration with a trained run: arrays, files, folders, and sound that still arrives."""
