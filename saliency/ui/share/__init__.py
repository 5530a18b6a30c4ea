"""Links that restore a form."""
