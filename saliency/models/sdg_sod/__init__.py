"""SDG-SOD."""
