"""The Gaussian of a box, of which training targets and the object detector's planes are made."""

from __future__ import annotations

from .arrays import Array, namespace

SPREAD = 2.6  # of a box's side to the standard deviation


def side_profiles(centres: Array, sides: Array, cells: int) -> Array:
    """The Gaussians of n boxes along one axis, (n, cells), 1 at their centres; a box's is the product of both axes.

    Args:
        centres, sides: (n,) of the boxes, in shares of the picture's side. A side counts as one cell at least.
        cells: of the grid along this axis.
    """
    xp = namespace(centres)
    places = (xp.arange(cells, device=centres.device) + 0.5) / cells
    deviations = sides.clip(1 / cells) / SPREAD
    return xp.exp(-(((places - centres[:, None]) / deviations[:, None]) ** 2) / 2)
