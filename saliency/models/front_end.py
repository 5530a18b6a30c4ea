"""The frozen, pre-trained front end of a model: a CNN trunk and, optionally, an object detector.

Its features can be cached on disk during training (`training.feature_cache`) and are computed once for all models with
the same front end (`weight_sharing.share_parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor, nn

from ..preprocessing import Preprocessing
from .detector import ObjectPlanes
from .features import ImageFeatures
from .trunks import normalisation

# How much larger a picture is that the trunk reads once for all parts than the one whose grids its levels are averaged
# to, per side: named things are often small.
ONE_PASS_SCALE = 1.5


@dataclass(frozen=True)
class FrontEndConfig:
    """What the configurations of models with a `FrontEnd` share.

    Attributes:
        trunk: name in `trunks.TRUNKS` or of timm.
        height, width: of the input in pixels.
        one_pass: pictures are `ONE_PASS_SCALE` times as large as `height` and `width`, and the trunk's levels are
            averaged to the grids of these: one pass serves also parts that need detail.
    """

    trunk: str = "densenet161"
    height: int = 352
    width: int = 352
    one_pass: bool = False

    @property
    def grid(self) -> tuple[int, int] | None:
        """(h, w) that the trunk's stride 8 is averaged to; None without `one_pass`."""
        return self.grid_at(8) if self.one_pass else None

    def grid_at(self, stride: int) -> tuple[int, int]:
        """(h, w) of the features of a picture of `height` and `width` at `stride`."""
        return strided((self.height, self.width), stride)

    def preprocessing(self) -> Preprocessing:
        """Of the model's pictures."""
        pictures = Preprocessing(self.height, self.width, **normalisation(self.trunk))
        return pictures.enlarged(ONE_PASS_SCALE) if self.one_pass else pictures


@dataclass(frozen=True)
class FrontEnd:
    """The frozen trunk and detector of a model: pictures (N, 3, H, W) to `ImageFeatures`.

    The features are the trunk's levels ``stride8`` and so on, and the detector's ``planes`` and ``objects``
    (`detector.Objects`) on the grid of stride 8.

    Two front ends are equal if their parts are the same objects and their options are equal.

    Attributes:
        trunk: gives strides 8 and 16 at least.
        objects: the detector; None for a front end without one.
        grid: (h, w) that the trunk's levels are averaged to at stride 8, and accordingly at the others; None leaves
            them as they are.
    """

    trunk: nn.Module
    objects: ObjectPlanes | None = None
    grid: tuple[int, int] | None = None

    @property
    def parts(self) -> tuple[nn.Module, ...]:
        """The networks of the front end."""
        return (self.trunk,) if self.objects is None else (self.trunk, self.objects)

    def includes(self, other: FrontEnd) -> bool:
        """Whether the features are those of `other`, perhaps among more."""
        return other in (self, replace(self, objects=None))

    def __call__(self, pixels: Tensor) -> ImageFeatures:
        """The features of pictures (N, 3, H, W), see the class."""
        levels = self._levels(pixels)
        features = {f"stride{stride}": level for stride, level in levels.items()}
        if self.objects is None:
            return features
        found = self.objects(pixels, levels[8].shape[-2:])
        return features | {"planes": found.planes, "objects": found.features}

    def _levels(self, pixels: Tensor) -> dict[int, Tensor]:
        """The trunk's levels by stride, averaged to the grid if there is one."""
        levels = self.trunk(pixels)
        if self.grid is None:
            return levels
        size = 8 * self.grid[0], 8 * self.grid[1]
        return {stride: averaged(level, strided(size, stride)) for stride, level in levels.items()}


def strided(size: tuple[int, int], stride: int) -> tuple[int, int]:
    """(h, w) of the features of a picture of `size` (H, W) at `stride`; strided convolutions round up."""
    return -(-size[0] // stride), -(-size[1] // stride)


def averaged(level: Tensor, size: Sequence[int]) -> Tensor:
    """A level (N, C, H, W) averaged over areas to `size` (h, w)."""
    return level if tuple(level.shape[-2:]) == tuple(size) else F.adaptive_avg_pool2d(level, tuple(size))
