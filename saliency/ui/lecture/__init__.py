"""The guided lecture."""
