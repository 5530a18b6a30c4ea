"""Spectral residual: what a picture's spectrum has beyond the smooth fall that all pictures share.

Hou & Zhang, CVPR 2007.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from ...resizing import bilinear
from ..baseline import Baseline, Picture
from ..opencv_saliency import computed, has_saliency, is_flat


class SpectralResidual(Baseline):
    """OpenCV's, or `spectral_residual` where OpenCV was built without its saliency module."""

    def saliency(self, picture: Picture) -> NDArray[np.floating]:
        """See `Baseline.saliency`; zero for a picture of one colour."""
        if is_flat(picture):  # the logarithm of an empty spectrum
            return np.zeros(picture.shape[:2], np.float32)
        if not has_saliency():
            return spectral_residual(picture)
        return computed(cv2.saliency.StaticSaliencySpectralResidual_create(), picture)


def spectral_residual(picture: Picture) -> NDArray[np.float32]:
    """The map (H, W) in [0, 1] as OpenCV computes it.

    At 64 x 64: log amplitude minus its 3 x 3 mean, back with the phase, squared magnitude of the 5 x 5 Gaussian
    smoothed result, divided by its maximum.
    """
    height, width = picture.shape[:2]
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_LINEAR_EXACT)
    spectrum = np.fft.fft2(grey.astype(np.float64))
    amplitude = np.log(np.maximum(np.abs(spectrum), np.finfo(np.float32).tiny))
    residual = amplitude - cv2.blur(amplitude, (3, 3))
    magnitude = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum))))
    smooth = cv2.GaussianBlur(magnitude, (5, 5), 8) ** 2
    return bilinear((smooth / smooth.max()).astype(np.float32), (height, width))
