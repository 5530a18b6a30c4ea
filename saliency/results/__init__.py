"""Predictions as frozen data, their files and their pictures."""

from .caption import Caption
from .prediction import CheckpointIdentity, Comparison, Prediction, Shape, WordMap, resized

__all__ = ["Caption", "CheckpointIdentity", "Comparison", "Prediction", "Shape", "WordMap", "resized"]
