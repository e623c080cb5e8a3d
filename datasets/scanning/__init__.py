"""The catalog of stems, and the scan that hears and measures them."""
