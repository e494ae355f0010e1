"""hr: the control client of the hermes-router daemon."""
