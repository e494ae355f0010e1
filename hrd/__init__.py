"""hrd: the hermes-router daemon."""

__version__ = "0.1.0"
