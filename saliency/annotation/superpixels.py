"""Segments of a picture of which nobody made any: superpixels by SLIC (Achanta et al., TPAMI 2012)."""

from __future__ import annotations

import cv2
import numpy as np

from ..resizing import within
from .segmentation import Segment, Segmentation, nearest

COUNT, SIDE = 200, 640  # segments aimed at; pixels of the longer side of the picture that is divided
SLIC = "slic"


def superpixels(pixels: np.ndarray, count: int = COUNT) -> Segmentation:
    """A picture in about `count` segments of similar colour, each in one piece.

    Args:
        pixels: (H, W, 3) uint8 RGB. A larger picture is divided at a longer side of `SIDE` pixels.
    """
    from skimage.segmentation import slic  # takes a while to import

    shape = pixels.shape[:2]
    smaller = within(shape, SIDE)
    small = pixels if smaller == shape else cv2.resize(pixels, smaller[::-1], interpolation=cv2.INTER_AREA)
    found = slic(small, n_segments=count, compactness=10, sigma=1, start_label=0, channel_axis=-1)
    return of_superpixels(nearest(found, shape))


def of_superpixels(labels: np.ndarray) -> Segmentation:
    """Labels (H, W) of `superpixels` as segments, numbered without gaps."""
    known, numbered = np.unique(labels, return_inverse=True)
    return Segmentation(numbered.reshape(labels.shape).astype(np.int32), (Segment(),) * len(known), SLIC)
