"""Fine grained saliency: centre-surround differences at several scales (Montabone & Soto, 2010), as in OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import UnknownModelError
from ..baseline import Baseline, Picture
from ..opencv_saliency import computed, has_saliency, is_flat


class FineGrained(Baseline):
    """OpenCV's centre-surround differences at several scales."""

    def saliency(self, picture: Picture) -> NDArray[np.floating]:
        """See `Baseline.saliency`; zero for a picture of one colour."""
        if is_flat(picture):  # divides by the largest difference
            return np.zeros(picture.shape[:2], np.float32)
        if not has_saliency():
            raise UnknownModelError("“fine_grained” needs OpenCV's contrib build (opencv-contrib-python-headless).")
        return computed(cv2.saliency.StaticSaliencyFineGrained_create(), picture)
