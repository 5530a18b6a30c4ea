"""The detector of a grounding and the trunk beside it."""

from __future__ import annotations

from ..detector import ObjectPlanes
from ..trunks import normalisation


def check_detector(trunk: str) -> None:
    """Raises `ValueError` where `trunk` does not normalise pictures as the object detector does."""
    wanted = ObjectPlanes.PREPROCESSING
    if normalisation(trunk) != {"mean": wanted.mean, "std": wanted.std}:
        raise ValueError(f"the object detector takes pictures as x / 127.5 - 1, and the trunk {trunk} does not")
