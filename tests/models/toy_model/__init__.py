"""ToyNet."""
