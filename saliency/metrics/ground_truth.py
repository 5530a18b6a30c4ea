"""Density maps from fixations, blurred by the rule of the data set or benchmark they are compared with."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike

from ..errors import MetricError
from .inputs import Map, as_fixations, fixation_counts


@dataclass(frozen=True)
class Blur:
    """A rule to make a density of fixations; give `sigma` or `cutoff`.

    Attributes:
        sigma: standard deviation in pixels of a Gaussian cut off after four of them.
        cutoff: cycles a canvas at which a Gaussian in the frequency domain falls to one half. The canvas is square,
            padded with zeros, its side the next power of two: see `canvas_sigma`.
        border: what lies outside the picture, for `sigma`; one of OpenCV's border types.
        repeats: whether a pixel fixated twice counts twice.
    """

    sigma: float | None = None
    cutoff: float | None = None
    border: int = cv2.BORDER_REPLICATE
    repeats: bool = False


SJTU_TIS_CUTOFF = 6.0

BLURS = {
    # The public maps of SJTU-TIS correlate with this rule to more than 0.9999.
    "sjtu_tis": Blur(cutoff=SJTU_TIS_CUTOFF),
    # saliency.mit.edu until 2018 (Judd, Durand and Torralba, 2012).
    "mit_classic": Blur(cutoff=8),
    # MIT300 on saliency.tuebingen.ai; equals a cut-off of 8 on a canvas of 1024.
    "tuebingen": Blur(sigma=23.99, repeats=True),
    # SALICON (Jiang et al., CVPR 2015), at its 640 x 480.
    "salicon": Blur(sigma=19, border=cv2.BORDER_REFLECT),
}


def density_from_fixations(fixations: ArrayLike, shape: tuple[int, int], profile: str | Blur = "sjtu_tis") -> Map:
    """Density of gaze (H, W) float64 in [0, 1] with maximum 1; zeros without fixations.

    Args:
        fixations: (N, 2) integers (row, column), or a boolean map.
        shape: (H, W) of the picture.
        profile: a name from `BLURS`, or a rule of one's own.

    Raises:
        MetricError: unknown profile, or fixations that do not fit the shape.

    Example:
        >>> density = density_from_fixations([(240, 320)], (480, 640))
        >>> density.shape, float(density.max()), float(density[240, 320])
        ((480, 640), 1.0, 1.0)
    """
    blur = profile if isinstance(profile, Blur) else _rule(profile)
    counts = fixation_counts(as_fixations(fixations, shape), shape)
    if not counts.any():
        return counts
    if not blur.repeats:
        counts = np.minimum(counts, 1)
    density = _blurred(counts, blur)
    if profile == "salicon":
        density = density - density.min()
    return density / density.max()


def _blurred(counts: Map, blur: Blur) -> Map:
    if blur.sigma is not None:
        side = 2 * int(4 * blur.sigma + 0.5) + 1
        return np.asarray(cv2.GaussianBlur(counts, (side, side), blur.sigma, borderType=blur.border), np.float64)
    if blur.cutoff is None:
        raise MetricError("a rule for density maps needs a sigma or a cut-off")
    return _fourier_gaussian(counts, blur.cutoff)


def _rule(profile: str) -> Blur:
    if profile not in BLURS:
        raise MetricError(f"no rule for density maps is called {profile!r}; there are {', '.join(BLURS)}")
    return BLURS[profile]


def canvas_sigma(shape: tuple[int, int], cutoff: float) -> float:
    """Standard deviation in pixels that a `cutoff` means for a picture of this shape, e.g. 31.98 for 6 at 640 x 480."""
    return _canvas(shape) * math.sqrt(math.log(2)) / (math.sqrt(2) * math.pi * cutoff)


def _canvas(shape: tuple[int, int]) -> int:
    return 1 << (max(shape) - 1).bit_length()


def _fourier_gaussian(values: Map, cutoff: float) -> Map:
    n = _canvas(values.shape)
    rows, columns = np.fft.fftfreq(n, 1 / n), np.fft.rfftfreq(n, 1 / n)
    gain = np.exp2(-(rows[:, None] ** 2 + columns**2) / cutoff**2)
    blurred = np.fft.irfft2(np.fft.rfft2(values, (n, n)) * gain, (n, n))
    return np.maximum(blurred[: values.shape[0], : values.shape[1]], 0)
