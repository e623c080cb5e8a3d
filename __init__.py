"""Randomized production chains for clean multitrack stems, and a cascade that undoes them."""

__version__ = "0.1.0"
