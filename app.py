"""Starts the web app: ``python app.py``, or as a Hugging Face Space; ``saliency app`` is the same from anywhere.

The data set of the Errors tab and maps to show beside the models are named by environment variables (docs/settings.md).
"""

import sys

from saliency.errors import SaliencyError
from saliency.serving import demo as build_demo
from saliency.settings import settings

try:
    here = settings()
    demo, options = build_demo(here.dataset, here.split, here.maps)
except SaliencyError as error:
    sys.exit(str(error))

if __name__ == "__main__":
    demo.launch(**options)
