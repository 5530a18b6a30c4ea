"""Density maps of where people looked, from arrays and pictures."""

from __future__ import annotations

import numpy as np

from ..errors import GroundTruthError
from ..messages import Message
from .fixation_maps import looks_like_fixations
from .recording import DensityMap

KNOWN = ("density", "map", "saliency", "salmap", "saliencymap", "saliency_map", "fixmap")

_ROUNDING = 1e-6  # of the maximum; resampling and the Fourier transform leave that much below zero
_LEAST_LOG = 0.5  # a density without logarithms that are lower is all but even
_BASES = {"e": np.e, "2": 2.0, "10": 10.0}


def density_map(values: np.ndarray, log: bool = False) -> DensityMap:
    """Values as a density map.

    Args:
        values: (H, W), or grey values in (H, W, 3 or 4).
        log: they are logarithms, which are exponentiated.

    Raises:
        GroundTruthError: no numbers, in colour, negative, not finite, zero everywhere, logarithms or fixations.
    """
    if values.ndim not in (2, 3) or values.size == 0 or values.dtype.kind not in "biuf":
        raise GroundTruthError("A density map must be an array of numbers of the shape (height, width).")
    if values.ndim == 3:
        if values.shape[2] not in (2, 3, 4):
            raise GroundTruthError("A density map must be an array of numbers of the shape (height, width).")
        values = _grey(values[..., :3])
    values = values.astype(np.float64)
    if log:
        return _exponential(values)
    if not np.isfinite(values).all():
        raise GroundTruthError("A density map must hold finite numbers that are not negative.")
    notices: tuple[Message, ...] = ()
    if values.min() < 0:
        values = _without_rounding(values)
        notices = (Message("Values just below zero, from rounding, were set to zero."),)
    if not values.any():
        raise GroundTruthError("The density map is zero everywhere.")
    if looks_like_fixations(values):
        raise GroundTruthError(
            "These look like fixations and not like a density map: {count:,} pixels are marked, all others are zero. "
            "Please give them as fixations.",
            count=np.count_nonzero(values),
        )
    return DensityMap(values, notices)


def _grey(colour: np.ndarray) -> np.ndarray:
    """The mean of colours that are all but grey, (H, W) float64."""
    if colour.dtype.kind != "u":  # an upload's bytes are tested as they are: floats would be eight times as large
        colour = colour.astype(np.float64)
    if np.ptp(colour, axis=2).max() > 0.06 * max(np.abs(colour).max(), 1e-12):
        raise GroundTruthError(
            "The density map is in colour; a grey one is needed, in which brighter is more looked at."
        )
    return colour.mean(axis=2, dtype=np.float64)


def _without_rounding(values: np.ndarray) -> np.ndarray:
    """Values in which what rounding left below zero is zero."""
    if values.min() >= -_ROUNDING * values.max():
        return np.clip(values, 0, None)
    if _are_logarithms(values):
        raise GroundTruthError(
            "The density map's values look like logarithms. Please give their exponential, or choose that they are "
            "logarithms."
        )
    raise GroundTruthError("A density map must hold finite numbers that are not negative.")


def _are_logarithms(values: np.ndarray) -> bool:
    """Whether negative values are logarithms: their powers make a density, or none is above zero and they differ."""
    return values.min() < -_LEAST_LOG and (_base(values) is not None or (values.max() <= 0 and np.ptp(values) > 1))


def _base(values: np.ndarray) -> str | None:
    """The base to which values are logarithms of a density: its powers sum up to 1, or are 1 in the mean."""
    if values.max() > 50:
        return None
    for name, base in _BASES.items():
        with np.errstate(over="ignore"):
            total = np.power(base, values).sum()
        if abs(total - 1) < 0.02 or abs(total / values.size - 1) < 0.02:
            return name
    return None


def _exponential(values: np.ndarray) -> DensityMap:
    """The density of logarithms; minus infinity is zero."""
    if np.isnan(values).any() or np.isposinf(values).any() or np.isneginf(values).all():
        raise GroundTruthError("Logarithms of a density must be numbers below infinity.")
    base = _base(values) or "e"
    return DensityMap(
        np.power(_BASES[base], values - values.max()),
        (Message("The values were read as logarithms to the base {base}.", base=base),),
    )
