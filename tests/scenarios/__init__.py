"""The line from client to provider and back, on virtual time."""
