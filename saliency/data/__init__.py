"""Data sets of gaze: one module each, all giving `Sample`s; splits are by picture."""

from .samples import Sample
from .sjtu_tis import SjtuTis, split_by_picture

__all__ = ["Sample", "SjtuTis", "split_by_picture"]
