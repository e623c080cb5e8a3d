"""The report of a dataset, and of two beside each other: pages that need nothing but themselves."""
