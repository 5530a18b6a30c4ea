"""Recipes, one YAML file a run, and the command that runs them: ``python -m train RECIPE [key=value ...]``."""
