"""Saliency before neural networks, and no model at all: what the others must beat.

These take a picture, not tensors, and use no text; they are not in the registry. ``predict(name, picture)`` is the one
door, `BASELINES` the names there are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from ..errors import PictureShapeError, UnknownModelError
from ..resizing import bilinear

Picture = NDArray[np.uint8]
Map = NDArray[np.float32]


@dataclass(frozen=True)
class Baseline:
    """A classical predictor.

    Attributes:
        title: name for people.
        summary: a sentence on what it does.
        paper: citation; empty where there is none.
        predict: from an RGB picture (H, W, 3) uint8 to a map (H, W), any scale.
    """

    title: str
    summary: str
    paper: str
    predict: Callable[[Picture], NDArray]


def predict(name: str, picture: Picture) -> Map:
    """The map of baseline `name`.

    Args:
        name: key of `BASELINES`.
        picture: (H, W, 3) uint8 RGB.

    Returns:
        (H, W) float32 in [0, 1]; all zero where the baseline finds nothing, as in a picture of one colour.

    Raises:
        UnknownModelError: there is no such baseline, or this machine's OpenCV lacks it.
        PictureShapeError: `picture` is not such an array.
    """
    if name not in BASELINES:
        raise UnknownModelError(f"There is no baseline called “{name}”. There are: {', '.join(BASELINES)}.")
    if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
        raise PictureShapeError("A picture is an array of height x width x 3 with values from 0 to 255.")
    return np.clip(BASELINES[name].predict(np.ascontiguousarray(picture)), 0, 1).astype(np.float32)


def centre_prior(picture: Picture) -> NDArray[np.float64]:
    """A Gaussian around the centre, 1 at its peak; its standard deviation is a quarter of each side."""
    down, across = (
        np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) / (0.25 * side)) ** 2) for side in picture.shape[:2]
    )
    return np.outer(down, across)


def spectral_residual(picture: Picture) -> NDArray[np.float32]:
    """OpenCV's, or `spectral_residual_numpy` where OpenCV was built without its saliency module."""
    if _is_flat(picture):  # the logarithm of an empty spectrum
        return np.zeros(picture.shape[:2], np.float32)
    if not hasattr(cv2, "saliency"):
        return spectral_residual_numpy(picture)
    return _compute(cv2.saliency.StaticSaliencySpectralResidual_create(), picture)


def spectral_residual_numpy(picture: Picture) -> NDArray[np.float32]:
    """What a picture's spectrum has beyond the smooth fall that all pictures share (Hou & Zhang, CVPR 2007).

    As OpenCV computes it: at 64 x 64, log amplitude minus its 3 x 3 mean, back with the phase, squared magnitude of the
    5 x 5 Gaussian smoothed result, divided by its maximum.
    """
    height, width = picture.shape[:2]
    grey = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (64, 64), interpolation=cv2.INTER_LINEAR_EXACT)
    spectrum = np.fft.fft2(grey.astype(np.float64))
    amplitude = np.log(np.maximum(np.abs(spectrum), np.finfo(np.float32).tiny))
    residual = amplitude - cv2.blur(amplitude, (3, 3))
    magnitude = np.abs(np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum))))
    smooth = cv2.GaussianBlur(magnitude, (5, 5), 8) ** 2
    return bilinear((smooth / smooth.max()).astype(np.float32), (height, width))


def fine_grained(picture: Picture) -> NDArray[np.float32]:
    """OpenCV's centre-surround differences at several scales (Montabone & Soto, 2010)."""
    if _is_flat(picture):  # divides by the largest difference
        return np.zeros(picture.shape[:2], np.float32)
    if not hasattr(cv2, "saliency"):
        raise UnknownModelError("“fine_grained” needs OpenCV's contrib build (opencv-contrib-python-headless).")
    return _compute(cv2.saliency.StaticSaliencyFineGrained_create(), picture)


def _is_flat(picture: Picture) -> bool:
    return bool((picture == picture[0, 0]).all())


def _compute(algorithm: cv2.saliency.StaticSaliency, picture: Picture) -> NDArray[np.float32]:
    """The algorithm's map, brought to [0, 1] from whichever type this version of OpenCV returns; zeros if it fails."""
    succeeded, found = algorithm.computeSaliency(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    if not succeeded:
        return np.zeros(picture.shape[:2], np.float32)
    return np.nan_to_num(found / 255 if found.dtype == np.uint8 else found, posinf=0, neginf=0).astype(np.float32)


BASELINES: MappingProxyType[str, Baseline] = MappingProxyType(
    {
        "centre_prior": Baseline(
            "Centre prior", "A Gaussian around the centre: where people look in any picture.", "", centre_prior
        ),
        "spectral_residual": Baseline(
            "Spectral residual",
            "What a picture's spectrum has beyond that of an average picture.",
            "Hou, Zhang: Saliency detection: A spectral residual approach. CVPR 2007.",
            spectral_residual,
        ),
        "fine_grained": Baseline(
            "Fine grained",
            "Differences between small regions and their surroundings, over several scales.",
            "Montabone, Soto: Human detection using a mobile platform and novel features derived from a visual "
            "saliency mechanism. Image and Vision Computing 28, 2010.",
            fine_grained,
        ),
    }
)
