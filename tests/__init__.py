"""The tests: they mirror the packages, and tell stories with exact numbers."""
