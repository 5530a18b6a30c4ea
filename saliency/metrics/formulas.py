"""The formulas that metrics and losses share, written once for NumPy arrays and torch tensors alike.

Every function works on maps of shape (..., H, W) and reduces the last two axes, so that the evaluator calls it on one
(H, W) float64 array and a training step on a (N, 1, H, W) tensor. The methods and keywords used (``sum(axis=...)``,
``where``, ``amax``) mean the same in both libraries.

Results are finite for every finite input, with finite gradients. Where a metric is undefined (an empty ground truth),
the caller decides what that means: NaN for a metric, a skipped picture for a loss.
"""

from __future__ import annotations

from ..arrays import Array, namespace

BENCHMARK_EPSILON = 2.2204e-16  # of the benchmarks' formulas: double precision's, rounded as they write it

_PIXELS = (-2, -1)


def is_flat(x: Array) -> Array:
    """Whether a map is constant up to rounding: (..., 1, 1) bool."""
    xp = namespace(x)
    spread = xp.amax(x, axis=_PIXELS, keepdims=True) - xp.amin(x, axis=_PIXELS, keepdims=True)
    magnitude = xp.amax(xp.abs(x), axis=_PIXELS, keepdims=True)
    return spread <= 16 * xp.finfo(x.dtype).eps * magnitude


def is_empty(x: Array) -> Array:
    """Whether a density or fixation map (>= 0) holds nothing: (..., 1, 1) bool."""
    return x.sum(axis=_PIXELS, keepdims=True) <= 0


def zscore(x: Array) -> Array:
    """Zero mean and unit population standard deviation over the pixels; a constant map becomes 0."""
    xp = namespace(x)
    centred = x - x.mean(axis=_PIXELS, keepdims=True)
    flat = is_flat(x)
    variance = (centred * centred).mean(axis=_PIXELS, keepdims=True)
    # The inner `where` keeps the square root's infinite slope at 0 out of the gradient.
    deviation = xp.sqrt(xp.where(flat, xp.ones_like(variance), variance))
    return xp.where(flat, xp.zeros_like(centred), centred / deviation)


def minmax(x: Array) -> Array:
    """Scaled to [0, 1] over the pixels; a constant map becomes 0."""
    xp = namespace(x)
    low = xp.amin(x, axis=_PIXELS, keepdims=True)
    spread = xp.amax(x, axis=_PIXELS, keepdims=True) - low
    flat = is_flat(x)
    return xp.where(flat, xp.zeros_like(x), (x - low) / xp.where(flat, xp.ones_like(spread), spread))


def distribution(x: Array) -> Array:
    """A map as probabilities that sum to 1: negative maps are lifted to 0 first; a map of zeros becomes uniform."""
    xp = namespace(x)
    low = xp.amin(x, axis=_PIXELS, keepdims=True)
    x = xp.where(low < 0, x - low, x)
    empty = is_empty(x)
    total = x.sum(axis=_PIXELS, keepdims=True)
    uniform = xp.ones_like(x) / (x.shape[-2] * x.shape[-1])
    return xp.where(empty, uniform, x / xp.where(empty, xp.ones_like(total), total))


def correlation(prediction: Array, density: Array) -> Array:
    """Pearson correlation over the pixels, (...); 0 where either map is constant."""
    return (zscore(prediction) * zscore(density)).mean(axis=_PIXELS)


def intersection(p: Array, g: Array) -> Array:
    """Histogram intersection of two distributions, (...), in [0, 1]."""
    return namespace(p).minimum(p, g).sum(axis=_PIXELS)


def divergence(p: Array, g: Array) -> Array:
    """Kullback-Leibler divergence in nats of the true distribution `g` from the predicted `p`, (...).

    Regularised in both places as the MIT/Tübingen benchmark does: sum of g ln(eps + g / (p + eps)), with their
    epsilon in float64. In float32 a million-fold larger one keeps gradients bounded where the prediction is 0, and
    costs less than 1e-4 on a map of a million pixels.
    """
    xp = namespace(p)
    eps = BENCHMARK_EPSILON if p.dtype == xp.float64 else 1e-10
    return (g * xp.log(eps + g / (p + eps))).sum(axis=_PIXELS)


def scanpath(prediction: Array, counts: Array) -> Array:
    """Normalised scanpath saliency, (...): the mean z-score at the fixations; 0 without fixations.

    Args:
        counts: fixations per pixel, same shape as `prediction`; a pixel fixated twice counts twice.
    """
    xp = namespace(prediction)
    empty = is_empty(counts)
    total = counts.sum(axis=_PIXELS, keepdims=True)
    weights = counts / xp.where(empty, xp.ones_like(total), total)
    return (zscore(prediction) * weights).sum(axis=_PIXELS)


def squared_error(prediction: Array, density: Array) -> Array:
    """Mean squared difference over the pixels, (...)."""
    difference = prediction - density
    return (difference * difference).mean(axis=_PIXELS)
