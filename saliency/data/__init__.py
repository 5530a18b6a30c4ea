"""Data sets of gaze, and of salient objects: one module each. Those of gaze give `Sample`s; splits are by picture."""

from .object_masks import ObjectDataset, ObjectSample
from .samples import Sample
from .sjtu_tis import SjtuTis, split_by_picture

__all__ = ["ObjectDataset", "ObjectSample", "Sample", "SjtuTis", "split_by_picture"]
