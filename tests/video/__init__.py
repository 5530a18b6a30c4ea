"""Videos: read, mapped, written."""
