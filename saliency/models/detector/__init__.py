"""A small object detector and its output as maps."""

from .object_planes import MIN_SCORE, ObjectPlanes, Objects, painted
from .yolox import FEATURES, NAMES, YOLOXNano

__all__ = ["FEATURES", "MIN_SCORE", "NAMES", "ObjectPlanes", "Objects", "YOLOXNano", "painted"]
