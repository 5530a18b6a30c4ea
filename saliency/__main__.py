"""``python -m saliency``: the command line."""

from .cli import main

main()
