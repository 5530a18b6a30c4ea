"""MLNet."""
