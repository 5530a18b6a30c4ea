"""The frozen, pre-trained front end of a model: a CNN trunk and, optionally, an object detector.

Its features can be cached on disk during training (`training.feature_cache`) and are computed once for all models with
the same front end (`weight_sharing.share_parts`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor, nn

from .blocks import resize
from .detector import ObjectPlanes, Objects
from .features import ImageFeatures

# Input scale, per side, of the high-resolution branch (`grounding.Referent`): named things are often small.
HIRES_SCALE = 1.5
HIRES_PREFIX = "hires."  # of that branch's keys in `ImageFeatures`


@dataclass(frozen=True)
class FrontEnd:
    """The frozen trunk and detector of a model: pictures (N, 3, H, W) to `ImageFeatures`.

    The features are the trunk's levels ``stride8`` and so on, the detector's ``planes`` on the grid of stride 8 and,
    with `HIRES_PREFIX`, the `hires_features`.

    Two front ends are equal if their parts are the same objects and their options are equal.

    Attributes:
        trunk: gives strides 8 and 16 at least.
        objects: the detector; None for a front end without one.
        downscale: the trunk's levels are of the pictures at 1 / `HIRES_SCALE` of their size. The detector and the
            high-resolution branch take them at full size.
        hires_grid: (h, w) of the high-resolution branch; None leaves it out.
        grid: (h, w) that the trunk's levels are averaged to at stride 8, and accordingly at the others. One pass over a
            large picture then serves all parts: the high-resolution branch takes the same levels, and of its inputs
            only the detector's ``features`` are added, as ``objects``. None leaves the levels as they are.
    """

    trunk: nn.Module
    objects: ObjectPlanes | None = None
    downscale: bool = False
    hires_grid: tuple[int, int] | None = None
    grid: tuple[int, int] | None = None

    @property
    def parts(self) -> tuple[nn.Module, ...]:
        """The networks of the front end."""
        return (self.trunk,) if self.objects is None else (self.trunk, self.objects)

    def includes(self, other: FrontEnd) -> bool:
        """Whether the features are those of `other`, perhaps among more."""
        return other in (self, replace(self, objects=None, hires_grid=None))

    def __call__(self, pixels: Tensor) -> ImageFeatures:
        """The features of pictures (N, 3, H, W), see the class."""
        levels = self._levels(downscaled(pixels) if self.downscale else pixels)
        features = {f"stride{stride}": level for stride, level in levels.items()}
        objects = None
        if self.objects is not None:
            objects = self.objects(pixels, levels[8].shape[-2:])
            features["planes"] = objects.planes
        if self.hires_grid is None:
            return features
        if self.grid is not None:
            return features if objects is None else features | {"objects": objects.features}
        hires = self._hires(pixels, objects, self.hires_grid)
        return features | {HIRES_PREFIX + name: value for name, value in hires.items()}

    def hires_features(self, pixels: Tensor) -> ImageFeatures:
        """Inputs of the high-resolution branch; `ValueError` without one.

        ``fine``, ``coarse`` and, with a detector, ``planes`` and ``features``; all but ``coarse`` on `hires_grid`.
        """
        if self.hires_grid is None:
            raise ValueError("this front end has no high-resolution branch")
        objects = None if self.objects is None else self.objects(pixels, self.hires_grid)
        return self._hires(pixels, objects, self.hires_grid)

    def _hires(self, pixels: Tensor, objects: Objects | None, grid: tuple[int, int]) -> ImageFeatures:
        levels = self._levels(pixels)
        features = {"fine": resize(levels[8], grid), "coarse": levels[16]}
        if objects is None:
            return features
        return features | {name: resize(value, grid) for name, value in objects._asdict().items()}

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


def downscaled(pixels: Tensor) -> Tensor:
    """Pictures (N, 3, H, W) at 1 / `HIRES_SCALE` of their size."""
    size = [round(side / HIRES_SCALE) for side in pixels.shape[-2:]]
    return F.interpolate(pixels, size=size, mode="bilinear", align_corners=False, antialias=True)
