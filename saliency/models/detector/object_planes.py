"""The detector's output as maps: one plane per class, a Gaussian per box scaled by its score.

The compact models take these planes beside the trunk's features: the detector finds small things that a trunk of stride
16 misses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...box_gaussians import side_profiles
from ...preprocessing import Preprocessing
from ..blocks import resize
from .yolox import NAMES, YOLOXNano

MIN_SCORE = 0.06  # boxes below it are left out


class Objects(NamedTuple):
    """The detector's output for N pictures, on a grid (h, w).

    Attributes:
        planes: (N, 80, h, w) in [0, 1], per class and cell the strongest Gaussian.
        features: (N, FEATURES, h, w), the inputs of the detector's heads.
    """

    planes: Tensor
    features: Tensor


class ObjectPlanes(nn.Module):
    """The frozen detector's output on a grid."""

    SIZE = (480, 640)  # at 320x416, nearer to its training size, it misses small things
    PREPROCESSING = Preprocessing(*SIZE, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))  # that of the trunk beside it

    def __init__(self):
        super().__init__()
        self.detector = YOLOXNano().requires_grad_(False)

    def detect(self, pixels: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Raw detections in pictures (N, 3, H, W), RGB, ``x / 127.5 - 1``; boxes are in pixels of `SIZE`."""
        return self.detector(resize(pixels.flip(1) * 127.5 + 127.5, self.SIZE))

    @torch.no_grad()
    def forward(self, pixels: Tensor, grid: Sequence[int]) -> Objects:
        """Planes and features of `pixels` (see `detect`) on `grid` (h, w)."""
        boxes, scores, levels = self.detect(pixels)
        planes = torch.stack([painted(b, s, self.SIZE, grid) for b, s in zip(boxes, scores, strict=True)])
        return Objects(planes, torch.cat([resize(level, grid) for level in levels], dim=1))


def painted(boxes: Tensor, scores: Tensor, size: Sequence[int], grid: Sequence[int]) -> Tensor:
    """One picture's boxes (cells, 4) with scores (cells, 80) as planes (80, h, w).

    Args:
        size: (H, W) of the picture whose pixels the boxes count.
        grid: (h, w).
    """
    best, classes = scores.max(dim=1)
    found = best > MIN_SCORE
    cx, cy, width, height = boxes[found].unbind(1)
    y = side_profiles(cy / size[0], height / size[0], grid[0])
    x = side_profiles(cx / size[1], width / size[1], grid[1])
    bumps = best[found, None, None] * y[:, :, None] * x[:, None, :]
    planes = bumps.new_zeros(len(NAMES), *grid)
    return planes.scatter_reduce_(0, classes[found, None, None].expand_as(bumps), bumps, "amax")
