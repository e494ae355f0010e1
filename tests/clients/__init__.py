"""Official client libraries against the real daemon."""
