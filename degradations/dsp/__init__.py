"""Signal processing that effects and meters are made of; no effect is known here."""
