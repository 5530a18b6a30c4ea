"""Means over pictures with bootstrap intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Interval:
    """A mean and its percentile bootstrap interval; NaN without values."""

    mean: float
    low: float
    high: float


def resamples(pictures: int, n: int = 2000, seed: int = 0) -> NDArray[np.int64]:
    """Counts of each picture in each of `n` resamples with replacement, (n, pictures)."""
    return np.random.default_rng(seed).multinomial(pictures, np.full(pictures, 1 / pictures), size=n)


def mean_interval(values: NDArray, draws: NDArray, level: float = 0.95) -> Interval:
    """Mean of the values and its interval when pictures, not single rows, are drawn again.

    Args:
        values: (conditions, pictures), NaN where a picture has no value. Each condition is averaged over its pictures,
            then the conditions over each other, so that all count alike.
        draws: (n, pictures) from `resamples`: the same draw serves every condition of a picture.
    """
    present = np.isfinite(values)
    filled = np.where(present, values, 0)
    counts = draws @ present.T
    with np.errstate(invalid="ignore"):  # a draw may miss every picture of a condition: NaN, left out below
        drawn = (draws @ filled.T / counts).mean(axis=1)
        mean = (filled.sum(axis=1) / present.sum(axis=1)).mean()
    return interval_of(mean, drawn, level)


def interval_of(value: float, drawn: NDArray, level: float = 0.95) -> Interval:
    """A value with its percentile interval, of what it is in every resample, (n,); what is not finite is left out."""
    drawn = drawn[np.isfinite(drawn)]
    tail = (1 - level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail]) if drawn.size else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high))
