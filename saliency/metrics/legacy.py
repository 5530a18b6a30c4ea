"""Scores of earlier papers on SJTU-TIS, under names of their own, for comparison with their tables only.

They are called AUC, sAUC and NSS there and measure something else: the docstrings below say what.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from PIL import Image

from ..resizing import antialiased
from . import formulas
from .fixations import nss
from .inputs import Map, as_density, as_fixations, as_map, fixation_counts

FRAME = (288, 384)  # height and width at which those papers score


def at_frame(values: ArrayLike) -> Map:
    """A map brought to `FRAME` as an image library does it: bilinear, averaging when it shrinks."""
    return antialiased(np.asarray(values), FRAME).astype(np.float64)


def auc20(prediction: ArrayLike, density: ArrayLike) -> float:
    """The "AUC" of those papers, in [0, 1]: mean of sensitivity and specificity of both maps at their 80th percentiles.

    With a binary prediction the ROC has one corner, so this measures only how far the two top fifths overlap.

    Example:
        >>> auc20(np.arange(10).reshape(2, 5), np.arange(10).reshape(2, 5))
        1.0
    """
    hot, truth = (
        values > np.percentile(values, 80, method="higher") for values in (as_map(prediction), as_density(density))
    )
    if truth.all() or not truth.any():
        return math.nan
    return float((hot[truth].mean() + (~hot)[~truth].mean()) / 2)


def sauc20(prediction: ArrayLike, density: ArrayLike) -> float:
    """The "sAUC" of those papers, in [0.25, 0.75]: as many random negatives as positives count as salient, too.

    This is the expectation over their draw, (auc20 + 0.5) / 2: a function of `auc20`, with no information of its own.

    Example:
        >>> sauc20(np.arange(10).reshape(2, 5), np.arange(10).reshape(2, 5))
        0.75
    """
    return (auc20(prediction, density) + 0.5) / 2


def nss_support(prediction: ArrayLike, density: ArrayLike) -> float:
    """Mean z-score over every pixel whose density is not zero, which is most of the picture.

    Example:
        >>> round(nss_support([[0, 1], [2, 3]], [[0, 0], [0.1, 0.9]]), 3)
        0.894
    """
    support = np.argwhere(as_density(density) > 0)
    return nss(prediction, support)


def nss_density(prediction: ArrayLike, density: ArrayLike) -> float:
    """Mean z-score weighted by the blurred density instead of the fixations; NaN for an empty density.

    Example:
        >>> round(nss_density([[0, 1], [2, 3]], [[0, 0], [0.1, 0.9]]), 3)
        1.252
    """
    density = as_density(density)
    if not density.any():
        return math.nan
    return float(formulas.scanpath(as_map(prediction), density))


def nss_dilated(prediction: ArrayLike, fixations: ArrayLike) -> float:
    """NSS at `FRAME` with the fixation map resized as an image and every pixel it touches counted as fixated.

    At 640 x 480, each fixation becomes three to four pixels. Divides by the sample standard deviation.

    Example:
        >>> map_ = np.tile(np.arange(640.0), (480, 1))
        >>> round(nss_dilated(map_, [(240, 639)]), 2)  # the brightest column
        1.73
    """
    prediction = as_map(prediction)
    counts = fixation_counts(as_fixations(fixations, prediction.shape), prediction.shape)
    marks = Image.fromarray(np.where(counts > 0, 255, 0).astype(np.uint8))
    touched = np.asarray(marks.resize(FRAME[::-1], Image.Resampling.BILINEAR)) > 0
    return nss(at_frame(prediction), touched, classic=True)
