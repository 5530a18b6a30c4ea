"""The command line: one module per command, imported when the command is called."""

from .application import app, main

__all__ = ["app", "main"]
