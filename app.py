"""Starts the web app: ``python app.py``, or as a Hugging Face Space.

``SALIENCY_DATASET``, a folder, is the data set of the Errors tab; ``SALIENCY_SPLIT`` names a part of it.
"""

import os
import sys

from saliency.data.layouts import open_data_set
from saliency.errors import SaliencyError
from saliency.predictor import Predictor
from saliency.ui import build, launch_options

try:
    folder = os.environ.get("SALIENCY_DATASET")
    data = open_data_set(folder, os.environ.get("SALIENCY_SPLIT") or None) if folder else None
    demo = build(Predictor(), data)
except SaliencyError as error:
    sys.exit(str(error))

if __name__ == "__main__":
    demo.launch(**launch_options())
