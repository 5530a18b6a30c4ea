"""``python -m train RECIPE [key=value ...]`` in the repository: the same as ``saliency train``."""

import sys

from saliency.cli import app

app(["train", *sys.argv[1:]], prog_name="saliency")
