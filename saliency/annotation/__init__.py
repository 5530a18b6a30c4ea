"""Annotation of salient objects: people choose segments of pictures; their choices become masks."""

from __future__ import annotations

from .agreement import Agreement, agreement_of
from .annotation_folder import AnnotationFolder
from .annotation_log import AnnotationLog
from .events import ACTIONS, AnnotationEvent
from .object_export import Annotated, export_objects
from .picture_annotation import PictureAnnotation, annotations_of
from .segmentation import Segment, Segmentation
from .superpixels import superpixels

__all__ = [
    "ACTIONS",
    "Agreement",
    "Annotated",
    "AnnotationEvent",
    "AnnotationFolder",
    "AnnotationLog",
    "PictureAnnotation",
    "Segment",
    "Segmentation",
    "agreement_of",
    "annotations_of",
    "export_objects",
    "superpixels",
]
