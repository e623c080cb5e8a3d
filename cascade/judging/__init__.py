"""Judging: systems, baselines and oracles on the same clips, with intervals and tests."""
