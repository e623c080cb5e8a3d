"""Plugins of others: an allow-list, a process of their own, the laws they should keep."""
