"""A map in words, for those who do not see it."""

from __future__ import annotations

import numpy as np

_PLACES = (
    ("the top left", "the top", "the top right"),
    ("the left", "the centre", "the right"),
    ("the bottom left", "the bottom", "the bottom right"),
)


def area_of_half(density: np.ndarray) -> float:
    """Smallest share of the picture, in (0, 1], that holds half of the gaze; 0.5 for a uniform density.

    Args:
        density: (h, w) >= 0, of any sum > 0.
    """
    largest_first = np.sort(density, axis=None)[::-1].cumsum(dtype=np.float64)
    pixels = np.searchsorted(largest_first, largest_first[-1] / 2) + 1
    return min(float(pixels / density.size), 1.0)


def heaviest_place(density: np.ndarray) -> tuple[str, float]:
    """The ninth of the picture (thirds of each side) with the most gaze: its name and its share, in [0, 1].

    Args:
        density: (h, w) >= 0, of any sum > 0, at least 3 x 3.
    """
    bands = [np.array_split(band, 3, axis=1) for band in np.array_split(density, 3, axis=0)]
    shares = np.array([[part.sum(dtype=np.float64) for part in band] for band in bands]) / density.sum(dtype=np.float64)
    row, column = np.unravel_index(shares.argmax(), shares.shape)
    return _PLACES[row][column], float(shares[row, column])


def describe(density: np.ndarray) -> str:
    """One sentence on where the gaze lies.

    Args:
        density: (h, w) >= 0, of any sum > 0, at least 3 x 3.
    """
    place, share = heaviest_place(density)
    row, column = np.unravel_index(density.argmax(), density.shape)
    height, width = density.shape
    return (
        f"Half of the gaze lies on {area_of_half(density):.0%} of the picture, most of it at {place} ({share:.0%}); "
        f"the peak is {(column + 0.5) / width:.0%} from the left and {(row + 0.5) / height:.0%} from the top."
    )
