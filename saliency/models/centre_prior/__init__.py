"""The centre prior."""
