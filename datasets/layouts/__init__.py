"""Layouts: how others lay out their stems, and how each becomes one list of sources."""
