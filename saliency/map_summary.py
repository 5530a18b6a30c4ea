"""A map in numbers, for screen readers; the page puts them into words (drawing.js)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Place = tuple[int, int]  # a ninth of the picture (thirds of each side): row and column, each 0 to 2


@dataclass(frozen=True)
class Where:
    """Where the gaze lies.

    Attributes:
        half: smallest share of the picture, in (0, 1], that holds half of the gaze.
        place: the ninth of the picture with the most gaze.
        share: of the gaze in that ninth, in [0, 1].
        peak: the densest pixel's centre, (x, y) as shares of the picture's sides.
    """

    half: float
    place: Place
    share: float
    peak: tuple[float, float]


@dataclass(frozen=True)
class Moved:
    """What became of the gaze.

    Attributes:
        share: of the gaze that lies elsewhere, in [0, 1] (half of the L1 distance, the total variation).
        source, target: the ninths of the picture that lost and gained most.
    """

    share: float
    source: Place
    target: Place


def where(density: np.ndarray) -> Where:
    """Where the gaze of a density lies.

    Args:
        density: (h, w) >= 0, of any sum > 0, at least 3 x 3.
    """
    ninths = _ninths(_normalised(density))
    place = _place(ninths.argmax())
    row, column = np.unravel_index(density.argmax(), density.shape)
    height, width = density.shape
    return Where(
        area_of_half(density), place, float(ninths[place]), (float(column + 0.5) / width, float(row + 0.5) / height)
    )


def moved(density: np.ndarray, before: np.ndarray) -> Moved:
    """What changed from the density `before` to `density`.

    Args:
        density, before: (h, w) >= 0, of any sums > 0, of one size, at least 3 x 3.
    """
    change = _normalised(density) - _normalised(before)
    ninths = _ninths(change)
    return Moved(float(np.abs(change).sum() / 2), _place(ninths.argmin()), _place(ninths.argmax()))


def area_of_half(density: np.ndarray) -> float:
    """Smallest share of the picture, in (0, 1], that holds half of the gaze; 0.5 for a uniform density.

    Args:
        density: (h, w) >= 0, of any sum > 0.
    """
    largest_first = np.sort(density, axis=None)[::-1].cumsum(dtype=np.float64)
    pixels = np.searchsorted(largest_first, largest_first[-1] / 2) + 1
    return min(float(pixels / density.size), 1.0)


def _normalised(density: np.ndarray) -> np.ndarray:
    values = density.astype(np.float64)
    return values / values.sum()


def _ninths(values: np.ndarray) -> np.ndarray:
    """(3, 3) sums."""
    bands = (np.array_split(band, 3, axis=1) for band in np.array_split(values, 3, axis=0))
    return np.array([[part.sum() for part in band] for band in bands])


def _place(index: np.intp) -> Place:
    return int(index) // 3, int(index) % 3
