"""OpenCV's module of saliency algorithms, which only its contrib build has; it is touched when a map is computed."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from .baseline import Picture


def has_saliency() -> bool:
    """Whether this OpenCV was built with it."""
    return hasattr(cv2, "saliency")


def is_flat(picture: Picture) -> bool:
    """Whether all pixels have one colour: the algorithms divide by zero there."""
    return bool((picture == picture[0, 0]).all())


def computed(algorithm: cv2.saliency.StaticSaliency, picture: Picture) -> NDArray[np.float32]:
    """The algorithm's map, brought to [0, 1] from whichever type this version of OpenCV returns; zeros if it fails."""
    succeeded, found = algorithm.computeSaliency(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not succeeded:
        return np.zeros(picture.shape[:2], np.float32)
    return np.nan_to_num(found / 255 if found.dtype == np.uint8 else found, posinf=0, neginf=0).astype(np.float32)
