"""The command line: one module per command, imported here in the order of ``saliency --help``."""

from . import models, predict, evaluate, score, replay, prepare  # noqa: F401, I001
from .application import app

__all__ = ["app", "main"]


def main() -> None:
    """The entry point ``saliency``."""
    app(prog_name="saliency")
