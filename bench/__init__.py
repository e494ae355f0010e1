"""Measurements of the router as a whole, against nginx in the same run: `make bench`."""
