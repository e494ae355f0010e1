"""The rooms of the failure readers."""
