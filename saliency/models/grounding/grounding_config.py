"""What the configurations of models with a grounding share."""

from __future__ import annotations

from dataclasses import dataclass

from ..detector import ObjectPlanes
from ..trunks import normalisation


@dataclass(frozen=True)
class GroundingConfig:
    """The part of a model's configuration that its `Grounding` is built of.

    Attributes:
        text_dim: channels of the text encoder's token states.
        grounding_dim: channels of the space of words and regions.
        objects: add an object detector.
        referent: add a `Referent` head.
        presence: the referent head also estimates whether the picture shows the referent.
    """

    text_dim: int = 768
    grounding_dim: int = 192
    objects: bool = False
    referent: bool = False
    presence: bool = False

    def check_detector(self, trunk: str) -> None:
        """Raises `ValueError` where there is a detector and `trunk` normalises pictures in another way than it does."""
        wanted = ObjectPlanes.PREPROCESSING
        if self.objects and normalisation(trunk) != {"mean": wanted.mean, "std": wanted.std}:
            raise ValueError(f"the object detector takes pictures as x / 127.5 - 1, and the trunk {trunk} does not")
