"""What is said of a picture before a model learns to read it: by a trunk and, where there is one, an object detector.

Both learned elsewhere. So what they say can be kept while a model is trained on it (`trainers.keeping`), and is found
once for all models whose scanners are equal (`share_parts`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import resize
from .objects import ObjectPlanes, Objects

if TYPE_CHECKING:
    from .base import ImageFeatures, SaliencyModel

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


def share_parts(models: Iterable[SaliencyModel]) -> None:
    """Have models that scan by equal parts scan by the same ones, so that these lie in memory once and scanners that
    ask for the same are equal. A shared trunk gives the strides that any of them asks for."""
    known: list[nn.Module] = []
    for model in models:
        for part in model.scanner.parts if model.scanner else ():
            twin = next((one for one in known if one is part or _equal(one, part)), None)
            if twin is None:
                known.append(part)
            elif twin is not part:
                if hasattr(twin, "levels"):
                    twin.levels = tuple(sorted({*twin.levels, *part.levels}))
                path = next(name for name, module in model.named_modules() if module is part)
                parent, _, name = path.rpartition(".")
                setattr(model.get_submodule(parent), name, twin)


def _equal(one: nn.Module, other: nn.Module) -> bool:
    """Whether they are networks of one kind, one configuration and the same weights."""
    own, others = ({**dict(part.named_parameters()), **dict(part.named_buffers())} for part in (one, other))
    return (
        type(one) is type(other)
        and getattr(one, "config", None) == getattr(other, "config", None)
        and own.keys() == others.keys()
        and all(torch.equal(own[name], others[name]) for name in own)
    )
