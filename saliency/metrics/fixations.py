"""Metrics of a predicted map at the pixels where people looked.

Maps are (H, W). Fixations are (N, 2) integers (row, column) with repeats, or a boolean map. Every metric is NaN without
fixations. Rank metrics depend on the order of the map's values only, and are 0.5 for a constant map.

`nss`, `auc`, `sauc` and `ig` follow the MIT/Tübingen benchmark (Kümmerer, Wallis and Bethge, ECCV 2018); `auc_judd`,
`auc_borji` and `sauc_classic` the MATLAB code of the earlier one (Bylinskii et al., TPAMI 2019).
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MetricError
from . import formulas
from .inputs import Map, Points, as_density, as_fixations, as_map, fixation_counts, unique

Step = float | Literal["exact"]


def nss(prediction: ArrayLike, fixations: ArrayLike, *, classic: bool = False) -> float:
    """Normalised scanpath saliency: the mean z-score at the fixations; 0 for a constant map.

    Args:
        classic: count each fixated pixel once and divide by the sample standard deviation, as the MATLAB benchmark.

    Example:
        >>> round(nss([[0, 1], [2, 3]], [(1, 1), (1, 0)]), 3)
        0.894
    """
    prediction, points = _prepared(prediction, fixations)
    if not len(points):
        return math.nan
    if classic:
        points = unique(points)
    value = float(formulas.scanpath(prediction, fixation_counts(points, prediction.shape)))
    return value * math.sqrt(1 - 1 / prediction.size) if classic else value


def auc(prediction: ArrayLike, fixations: ArrayLike) -> float:
    """Area under the ROC curve of the fixations, repeats included, against all pixels of the picture, in [0, 1]; exact.

    Example:
        >>> auc([[0, 1], [2, 3]], [(1, 1), (1, 0)])
        0.75
    """
    prediction, points = _prepared(prediction, fixations)
    # The other way round: the short list is sorted, and neighbouring pixels search it alike, three times as fast.
    return 1 - exceedance(prediction.ravel(), prediction[tuple(points.T)])


def sauc(prediction: ArrayLike, fixations: ArrayLike, other_fixations: ArrayLike) -> float:
    """Shuffled AUC: the fixations against those of other pictures, so that a centre prior gains nothing; exact.

    Args:
        other_fixations: (M, 2) fixations on other pictures at this picture's size, repeats included; none gives NaN.

    Example:
        >>> sauc([[0, 1], [2, 3]], [(1, 1), (1, 0)], other_fixations=[(0, 0), (1, 0)])
        0.875
    """
    prediction, points = _prepared(prediction, fixations)
    others = as_fixations(other_fixations, prediction.shape)
    return exceedance(prediction[tuple(points.T)], prediction[tuple(others.T)])


def ig(prediction: ArrayLike, fixations: ArrayLike, baseline: ArrayLike, *, minmax: bool = False) -> float:
    """Information gain over a baseline density, in bits a fixation.

    Args:
        baseline: (H, W) >= 0, for example the density of gaze on other pictures; not empty.
        minmax: scale both maps to [0, 1] before they are made to sum to 1, as the MATLAB benchmark does.

    Raises:
        MetricError: an empty baseline: it would hand out some 52 bits.

    Example:
        >>> round(ig([[0, 1], [2, 3]], [(1, 1)], baseline=[[1, 1], [1, 1]]), 3)  # twice as probable
        1.0
    """
    prediction, points = _prepared(prediction, fixations)
    baseline = as_density(baseline)
    if baseline.shape != prediction.shape:
        raise MetricError(f"the prediction has shape {prediction.shape}, the baseline {baseline.shape}")
    if not baseline.any():
        raise MetricError("the baseline of the information gain is empty")
    if not len(points):
        return math.nan
    if minmax:
        prediction, baseline = formulas.minmax(prediction), formulas.minmax(baseline)
    at = tuple(points.T)
    gained = formulas.distribution(prediction)[at] + formulas.BENCHMARK_EPSILON
    known = formulas.distribution(baseline)[at] + formulas.BENCHMARK_EPSILON
    return float(np.mean(np.log2(gained) - np.log2(known)))


def auc_judd(prediction: ArrayLike, fixations: ArrayLike, *, jitter: bool = True, seed: int = 0) -> float:
    """AUC-Judd: fixated pixels against all others, thresholds at the fixated values only, trapezoids between them.

    Args:
        jitter: break ties with noise of up to 1e-7. Without it, a constant map gives NaN.
        seed: of the noise.

    Example:
        >>> auc_judd([[0, 1], [2, 3]], [(1, 1), (0, 1)])
        0.875
    """
    prediction, points = _prepared(prediction, fixations)
    points = unique(points)
    n, rest = len(points), prediction.size - len(points)
    if not n or not rest:
        return math.nan
    if jitter:
        prediction = prediction + np.random.default_rng(seed).random(prediction.shape) * 1e-7
    if formulas.is_flat(prediction).item():
        return math.nan
    reached = np.searchsorted(np.sort(prediction[tuple(points.T)]), prediction.ravel(), side="right")
    at_or_above = np.cumsum(np.bincount(reached, minlength=n + 1)[:0:-1])  # pixels at each threshold, highest first
    true = np.arange(n + 2) / n
    true[-1] = 1
    false = np.concatenate([[0], (at_or_above - np.arange(1, n + 1)) / rest, [1]])
    return float(np.trapezoid(true, false))


def auc_borji(
    prediction: ArrayLike, fixations: ArrayLike, *, splits: int = 100, step: Step = 0.1, seed: int = 0
) -> float:
    """AUC-Borji: fixated pixels against as many pixels drawn at random, with replacement, averaged over `splits` draws.

    Needs two fixated pixels and a map that is not constant; NaN otherwise.

    Args:
        step: between thresholds on the map scaled to [0, 1]. The published 0.1 makes the value depend on how the map's
            values are spread; ``"exact"`` uses every value.
        seed: of the draws.

    Example:
        >>> round(auc_borji([[0, 1], [2, 3]], [(1, 1), (1, 0)], step="exact"), 2)
        0.71
    """
    prediction, points = _prepared(prediction, fixations)
    points = unique(points)
    if len(points) < 2 or formulas.is_flat(prediction).item():
        return math.nan
    prediction = formulas.minmax(prediction)
    drawn = np.random.default_rng(seed).integers(prediction.size, size=(splits, len(points)))
    return _mean_area(prediction[tuple(points.T)], prediction.ravel()[drawn], step)


def sauc_classic(
    prediction: ArrayLike,
    fixations: ArrayLike,
    other_fixations: ArrayLike,
    *,
    splits: int = 100,
    step: Step = 0.1,
    seed: int = 0,
) -> float:
    """Shuffled AUC as in the MATLAB benchmark: fixated pixels against random subsets of those of other pictures.

    Args:
        other_fixations: (M, 2) fixations on other pictures (the benchmark takes ten), moved to this picture's size;
            repeats are dropped. None gives NaN, and so does a constant map.
        step, seed: as for `auc_borji`.

    Example:
        >>> sauc_classic([[0, 1], [2, 3]], [(1, 1), (1, 0)], other_fixations=[(0, 0), (0, 1)])
        1.0
    """
    prediction, points = _prepared(prediction, fixations)
    points, others = unique(points), unique(as_fixations(other_fixations, prediction.shape))
    if not len(points) or not len(others) or formulas.is_flat(prediction).item():
        return math.nan
    prediction = formulas.minmax(prediction)
    pool = np.tile(prediction[tuple(others.T)], (splits, 1))
    subsets = np.random.default_rng(seed).permuted(pool, axis=1)[:, : len(points)]
    return _mean_area(prediction[tuple(points.T)], subsets, step)


def exceedance(positives: NDArray, negatives: NDArray) -> float:
    """Probability that a random positive exceeds a random negative, ties counting half: the exact area under the ROC.

    One sort of the negatives and two searches for each positive (Mann and Whitney, 1947). NaN if either is empty.
    """
    if not len(positives) or not len(negatives):
        return math.nan
    ordered = np.sort(negatives)
    below = np.searchsorted(ordered, positives, side="left")
    not_above = np.searchsorted(ordered, positives, side="right")
    return float(np.mean(below + not_above) / (2 * len(negatives)))


def _mean_area(positives: NDArray, negatives: NDArray, step: Step) -> float:
    """Mean over the rows of `negatives` of the area under the ROC, with thresholds every `step` from 0 to 1."""
    if step == "exact":
        return float(np.mean([exceedance(positives, row) for row in negatives]))
    # From the highest threshold down. The curve starts at (0, 0); the threshold 0 is its end (1, 1).
    thresholds = np.append(np.inf, np.arange(round(1 / step), -1, -1) * step)
    true = (positives >= thresholds[:, None]).mean(axis=-1)
    false = (negatives[:, None, :] >= thresholds[:, None]).mean(axis=-1)
    return float(np.trapezoid(true, false, axis=-1).mean())


def _prepared(prediction: ArrayLike, fixations: ArrayLike) -> tuple[Map, Points]:
    prediction = as_map(prediction)
    return prediction, as_fixations(fixations, prediction.shape)
