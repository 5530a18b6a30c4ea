"""A batch of training: pictures, or their cached features, with sentences about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from ...models.features import ImageFeatures, TextFeatures
from ...preprocessing import Preprocessing, flipped, normalise, stacked


@dataclass(frozen=True)
class Batch:
    """N pictures and T sentences about them.

    Attributes:
        pixels: (N, 3, H, W) prepared for the model; None with cached features.
        index: (T,) picture of each sentence.
        text: T sentences; None for text-blind models.
        front_features: cached features of the N pictures; None without a cache.
        further_inputs: names of the fields of the T sentences that are among the `inputs`, too.
    """

    further_inputs: ClassVar[tuple[str, ...]] = ()

    pixels: Tensor | None
    index: Tensor
    text: TextFeatures | None
    front_features: ImageFeatures | None = field(default=None, kw_only=True)

    @property
    def pictures(self) -> Tensor | ImageFeatures:
        """The pictures' pixels or cached features."""
        return self.pixels if self.front_features is None else self.front_features

    @property
    def inputs(self) -> tuple[Any, ...]:
        """What the method's network is called with."""
        return self.pictures, self.index, self.text

    def part(self, pictures: slice) -> Self:
        """The batch with the `inputs` of some of its pictures and their sentences; texts keep their padding."""
        rows = ((self.index >= pictures.start) & (self.index < pictures.stop)).nonzero()[:, 0]
        others = {name: getattr(self, name) for name in self.further_inputs}
        features = self.front_features
        return replace(
            self,
            pixels=None if self.pixels is None else self.pixels[pictures],
            front_features=None if features is None else {name: value[pictures] for name, value in features.items()},
            index=self.index[rows] - pictures.start,
            text=None if self.text is None else self.text.select(rows),
            **{name: None if value is None else value[rows] for name, value in others.items()},
        )

    @property
    def device(self) -> torch.device:
        """The device of its tensors."""
        return self.index.device

    def to(self, device: torch.device | str, **_: object) -> Self:
        """A copy on `device`; Accelerate moves batches by this."""
        return replace(self, **_moved(vars(self), device))


def _moved(fields: Mapping[str, Any], device: torch.device | str) -> dict[str, Any]:
    """The fields of a batch on `device`, features among them; what is no tensor stays."""
    return {
        name: _moved(value, device) if isinstance(value, dict) else value.to(device) if hasattr(value, "to") else value
        for name, value in fields.items()
    }


def prepared(pictures: Sequence[tuple[np.ndarray, bool]], preprocessing: Preprocessing) -> Tensor:
    """Pictures (H, W, 3) float32 in [0, 1], each flipped or not, as one batch (N, 3, H, W) for a model."""
    return stacked([flipped(normalise(picture, preprocessing), flip) for picture, flip in pictures])
