"""Predictions as frozen data, their files and their pictures."""

from .prediction import CheckpointIdentity, Comparison, Prediction, Shape, WordMap, resized

__all__ = ["CheckpointIdentity", "Comparison", "Prediction", "Shape", "WordMap", "resized"]
