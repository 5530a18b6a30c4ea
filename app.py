"""Starts the web app: ``python app.py``, or as a Hugging Face Space."""

from saliency.predictor import Predictor
from saliency.ui import build, launch_options

demo = build(Predictor())

if __name__ == "__main__":
    demo.launch(**launch_options())
