"""The centre prior: where people look in any picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..baseline import Baseline, Picture


class CentrePrior(Baseline):
    """See `centre_prior`."""

    def saliency(self, picture: Picture) -> NDArray[np.floating]:
        """See `centre_prior`."""
        return centre_prior(picture)


def centre_prior(picture: Picture) -> NDArray[np.float64]:
    """A Gaussian around the centre, (H, W), 1 at its peak; its standard deviation is a quarter of each side."""
    down, across = (
        np.exp(-0.5 * ((np.arange(side) - (side - 1) / 2) / (0.25 * side)) ** 2) for side in picture.shape[:2]
    )
    return np.outer(down, across)
