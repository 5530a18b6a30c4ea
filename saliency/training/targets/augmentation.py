"""Random changes of training pictures, and of the words for sides in their sentences.

Our own: torchvision.transforms.v2 draws from one global generator, where every picture and epoch has a seed here, and
knows neither sentences nor a window that depends on gaze.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Augmentation:
    """Options of the augmentation of pictures and sentences.

    Attributes:
        flip: probability of mirroring the picture; the sentence's left and right change places.
        brightness, contrast: largest relative change.
        crop: largest share of each side cut away. A window that loses half of a sample's density is not taken.
    """

    flip: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    crop: float = 0.0

    def window(self, grid: tuple[int, int], generator: np.random.Generator) -> tuple[slice, slice]:
        """Rows and columns of a `grid` (h, w) of a window, at random."""
        if not self.crop:
            return slice(0, grid[0]), slice(0, grid[1])
        share = 1 - generator.uniform(0, self.crop)
        sides = [round(share * side) for side in grid]
        corner = [int(generator.integers(side - length + 1)) for side, length in zip(grid, sides, strict=True)]
        rows, columns = (slice(start, start + length) for start, length in zip(corner, sides, strict=True))
        return rows, columns

    def recolour(self, picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The picture (H, W, 3) uint8 with brightness and contrast changed at random, float32 in [0, 1]."""
        changed = picture.astype(np.float32) / 255
        if self.contrast:
            mean = changed.mean()
            changed = (changed - mean) * (1 + generator.uniform(-self.contrast, self.contrast)) + mean
        if self.brightness:
            changed = changed * (1 + generator.uniform(-self.brightness, self.brightness))
        return np.clip(changed, 0, 1)


_SIDES = {"left": "right", "Left": "Right", "LEFT": "RIGHT"}
_SIDES |= {right: left for left, right in _SIDES.items()}


def mirror_words(sentence: str) -> str:
    """The sentence for the mirrored picture: left and right change places."""
    return re.sub(rf"\b({'|'.join(_SIDES)})\b", lambda match: _SIDES[match[0]], sentence)
