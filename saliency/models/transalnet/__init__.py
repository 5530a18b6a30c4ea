"""TranSalNet."""
