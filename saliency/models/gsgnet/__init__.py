"""GSGNet."""
