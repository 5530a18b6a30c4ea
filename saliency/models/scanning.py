"""What is said of a picture before a model learns to read it: by a trunk and, where there is one, an object detector.

Both learned elsewhere. So what they say can be kept while a model is trained on it (`trainers.keeping`), and is found
once for all models whose scanners are equal (`weight_sharing.share_parts`).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import resize
from .features import ImageFeatures
from .objects import ObjectPlanes, Objects

# How much larger a picture is, per side, for a `grounding.Subject` than for all else: what a sentence names can be
# small.
CLOSER = 1.5
CLOSER_PREFIX = "closer."  # of what it is given, among a picture's features


@dataclass(frozen=True)
class Scanner:
    """Pictures (N, 3, H, W) in, `ImageFeatures` out: the trunk's levels, ``stride8`` and so on; the detector's
    ``planes`` on the grid of stride 8; and, with `CLOSER_PREFIX`, what a subject is `given`.

    Equal where the parts are the same ones and are asked for the same.

    Attributes:
        trunk: gives strides 8 and 16 at least.
        objects: the detector, if there is one.
        larger: whether the pictures are `CLOSER` times as large as the trunk is to see them. The detector sees them as
            they are.
        closer: (h, w) of the grid of what a subject is given; None gives it nothing.
    """

    trunk: nn.Module
    objects: ObjectPlanes | None = None
    larger: bool = False
    closer: tuple[int, int] | None = None

    @property
    def parts(self) -> tuple[nn.Module, ...]:
        """The networks asked."""
        return (self.trunk,) if self.objects is None else (self.trunk, self.objects)

    def __call__(self, pixels: Tensor) -> ImageFeatures:
        levels = self.trunk(reduced(pixels) if self.larger else pixels)
        scanned = {f"stride{stride}": level for stride, level in levels.items()}
        objects = None
        if self.objects is not None:
            objects = self.objects(pixels, levels[8].shape[-2:])
            scanned["planes"] = objects.planes
        if self.closer is not None:
            scanned |= {CLOSER_PREFIX + name: value for name, value in self._given(pixels, objects).items()}
        return scanned

    def given(self, pixels: Tensor) -> ImageFeatures:
        """What a subject is given: ``fine``, ``coarse`` and, with a detector, ``planes`` and ``features``; all but
        ``coarse`` on the grid `closer`, which must be set."""
        return self._given(pixels, None if self.objects is None else self.objects(pixels, self.closer))

    def _given(self, pixels: Tensor, objects: Objects | None) -> ImageFeatures:
        levels = self.trunk(pixels)
        found = {"fine": resize(levels[8], self.closer), "coarse": levels[16]}
        if objects is None:
            return found
        return found | {name: resize(value, self.closer) for name, value in objects._asdict().items()}


def reduced(pixels: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) `CLOSER` times smaller."""
    size = [round(side / CLOSER) for side in pixels.shape[-2:]]
    return F.interpolate(pixels, size=size, mode="bilinear", align_corners=False, antialias=True)
