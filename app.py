"""Starts the web app: ``python app.py``, or as a Hugging Face Space.

``SALIENCY_DATASET``, a folder, is the data set of the Errors tab; ``SALIENCY_SPLIT`` names a part of it.
``SALIENCY_MAPS`` names folders of maps that other programs wrote, shown there beside the models: ``name:folder``,
several separated by semicolons, e.g. ``DeepGaze:/data/deepgaze; UNISAL:C:\\data\\unisal``.
"""

import os
import sys

from saliency.data.layouts import open_data_set
from saliency.errors import DatasetError, SaliencyError
from saliency.external_maps import external_maps
from saliency.predictor import Predictor
from saliency.ui import build, launch_options
from saliency.ui.shared.examples import examples

try:
    folder, named = os.environ.get("SALIENCY_DATASET"), os.environ.get("SALIENCY_MAPS")
    split = os.environ.get("SALIENCY_SPLIT") or None
    data = open_data_set(folder, split, require_ground_truth=True) if folder else None
    if named and data is None:
        raise DatasetError("SALIENCY_MAPS needs SALIENCY_DATASET, the data set that the maps are of.")
    maps = external_maps(named, data.samples) if named else ()
    demo = build(Predictor(), data, maps, opening=next(iter(examples()), None))
except SaliencyError as error:
    sys.exit(str(error))

if __name__ == "__main__":
    demo.launch(**launch_options())
