"""The generated pages are current."""
