"""Metrics between two maps: a predicted one and the density of gaze.

Definitions follow the MIT/Tübingen benchmark (Kümmerer, Wallis and Bethge, ECCV 2018); the options reproduce the
earlier MATLAB benchmark (Bylinskii et al., TPAMI 2019). Maps are (H, W), of one shape; the density is >= 0.
"""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from ..errors import MetricError
from . import formulas
from .inputs import Map, as_density, as_map


def cc(prediction: ArrayLike, density: ArrayLike) -> float:
    """Pearson correlation, in [-1, 1]; 0 for a constant prediction, NaN for a constant density.

    Example:
        >>> round(cc([[0, 1], [2, 3]], [[0, 1], [1, 2]]), 3)
        0.949
    """
    prediction, density = _pair(prediction, density)
    if formulas.is_flat(density).item():
        return math.nan
    return float(formulas.correlation(prediction, density))


def sim(prediction: ArrayLike, density: ArrayLike, *, minmax: bool = False) -> float:
    """Similarity: the intersection of the two maps as distributions, in [0, 1]; NaN for an empty density.

    Args:
        minmax: scale both maps to [0, 1] first, as the MATLAB benchmark does. As there, a constant map then has no
            similarity (NaN), but a prediction of zeros has similarity 0.

    Example:
        >>> round(sim([[0, 1], [2, 3]], [[0, 1], [1, 2]]), 3)
        0.917
    """
    prediction, density = _pair(prediction, density)
    if formulas.is_empty(density).item():
        return math.nan
    if minmax:
        if not prediction.any():
            return 0.0
        if formulas.is_flat(prediction).item() or formulas.is_flat(density).item():
            return math.nan
        prediction, density = formulas.minmax(prediction), formulas.minmax(density)
    return float(formulas.intersection(formulas.distribution(prediction), formulas.distribution(density)))


def kl(prediction: ArrayLike, density: ArrayLike, *, zeros_as_uniform: bool = True) -> float:
    """Kullback-Leibler divergence of the density from the prediction, in nats, >= 0; NaN for an empty density.

    Args:
        zeros_as_uniform: read a prediction of zeros as uniform; the MATLAB benchmark leaves it, which costs about 36.

    Example:
        >>> round(kl([[0, 1], [2, 3]], [[0, 1], [1, 2]]), 3)
        0.029
    """
    prediction, density = _pair(prediction, density)
    if formulas.is_empty(density).item():
        return math.nan
    if prediction.any() or zeros_as_uniform:
        prediction = formulas.distribution(prediction)
    return float(formulas.divergence(prediction, formulas.distribution(density)))


def mse(prediction: ArrayLike, density: ArrayLike, *, minmax: bool = False) -> float:
    """Mean squared error of two maps in [0, 1].

    Args:
        minmax: scale both maps to [0, 1] first.

    Raises:
        MetricError: a value outside [0, 1] without `minmax`.

    Example:
        >>> mse([[0, 0.5], [0.5, 1]], [[0, 0.5], [1, 1]])
        0.0625
    """
    prediction, density = _pair(prediction, density)
    if minmax:
        prediction, density = formulas.minmax(prediction), formulas.minmax(density)
    elif prediction.min() < 0 or max(prediction.max(), density.max()) > 1:
        raise MetricError("the squared error needs a prediction and a density map with values from 0 to 1")
    return float(formulas.squared_error(prediction, density))


def compare_maps(a: ArrayLike, b: ArrayLike) -> dict[str, float]:
    """Distances of the map `a` from the map `b`, for example of a prediction with a sentence from that without.

    Returns:
        ``CC`` and ``SIM``, which are symmetric, and ``KL``, the divergence of `b`, taken as the truth, from `a`.

    Example:
        >>> {name: round(value, 3) for name, value in compare_maps([[0, 1], [2, 3]], [[0, 1], [1, 2]]).items()}
        {'CC': 0.949, 'KL': 0.029, 'SIM': 0.917}
    """
    return {"CC": cc(a, b), "KL": kl(a, b), "SIM": sim(a, b)}


def _pair(prediction: ArrayLike, density: ArrayLike) -> tuple[Map, Map]:
    prediction, density = as_map(prediction), as_density(density)
    if prediction.shape != density.shape:
        raise MetricError(f"the prediction has shape {prediction.shape}, the density map {density.shape}")
    return prediction, density
