"""The Words tab."""
