"""From a picture to a model's input and back: the one definition that training, evaluation and prediction share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from .resizing import bilinear


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes a model's input.

    Attributes:
        height, width: of the input in pixels.
        mean, std: subtracted and divided by, per RGB channel, of values in [0, 1].
        fit: ``squash`` resizes to height x width; ``pad`` keeps the aspect ratio and pads with zeros around the centre;
            ``within`` keeps the picture's own size, or its aspect ratio where it is larger than height x width.
    """

    height: int
    width: int
    mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    fit: str = "squash"

    def enlarged(self, factor: float) -> Preprocessing:
        """The same with pictures `factor` times as large per side."""
        return replace(self, height=round(self.height * factor), width=round(self.width * factor))


def prepare(picture: np.ndarray, preprocessing: Preprocessing) -> Tensor:
    """A picture as a model takes it: `resize`, then normalised per channel.

    Args:
        picture: (H, W, 3) uint8 RGB.

    Returns:
        (3, height, width) float32; with ``fit="within"`` of the picture's size.
    """
    return normalise(resize(picture, preprocessing).astype(np.float32) / 255, preprocessing)


def normalise(picture: np.ndarray, preprocessing: Preprocessing) -> Tensor:
    """A picture (height, width, 3) float32 in [0, 1], already of the input's size, as the tensor (3, height, width)."""
    mean, std = (np.asarray(values, np.float32) for values in (preprocessing.mean, preprocessing.std))
    return torch.from_numpy((picture - mean) / std).permute(2, 0, 1)


def resize(picture: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """A picture at the size of a model's input, (height, width, 3) uint8; with ``fit="within"`` at most that.

    Shrinking averages areas, enlarging is bilinear. With ``fit="pad"`` the picture keeps its aspect ratio and lies in
    the middle of black, as in TranSalNet's reference code.

    Args:
        picture: (H, W, 3) uint8 RGB.
    """
    if preprocessing.fit == "within":
        return _reduced(picture, preprocessing)
    size = (preprocessing.height, preprocessing.width)
    rows, columns = content(preprocessing, picture.shape[:2], size)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    # Side by side: of a banner one may shrink while the other grows, and bilinear alone would skip most of its pixels.
    smaller = (min(width, picture.shape[1]), min(height, picture.shape[0]))
    inner = cv2.resize(picture, smaller, interpolation=cv2.INTER_AREA)
    inner = bilinear(inner, (height, width))
    if (height, width) == size:
        return inner
    canvas = np.zeros((*size, 3), dtype=np.uint8)
    canvas[rows, columns] = inner
    return canvas


def _reduced(picture: np.ndarray, preprocessing: Preprocessing) -> np.ndarray:
    """The picture as it is, or shrunk until it fits."""
    scale = min(preprocessing.height / picture.shape[0], preprocessing.width / picture.shape[1])
    if scale >= 1:
        return picture
    height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def content(preprocessing: Preprocessing, shape: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a map that show the picture and not padding.

    Args:
        shape: (H, W) of the picture.
        size: (h, w) of the map, which may be coarser than the model's input.
    """
    if preprocessing.fit in ("squash", "within"):
        return slice(0, size[0]), slice(0, size[1])
    if preprocessing.fit != "pad":
        raise ValueError(f"fit must be squash, pad or within, not {preprocessing.fit!r}")
    scale = min(preprocessing.height / shape[0], preprocessing.width / shape[1])
    full = (preprocessing.height, preprocessing.width)
    spans = []
    for side, whole, cells in zip(shape, full, size, strict=True):
        inner = max(1, round(side * scale * cells / whole))
        start = (cells - inner) // 2
        spans.append(slice(start, start + inner))
    return spans[0], spans[1]


def flipped(x: Tensor, flip: bool) -> Tensor:
    """`x` (..., H, W), mirrored left to right with `flip`."""
    return x.flip(-1) if flip else x


def stacked(pictures: list[Tensor]) -> Tensor:
    """Pictures (3, H, W) as one batch in the memory format convolutions are fastest in."""
    return torch.stack(pictures).contiguous(memory_format=torch.channels_last)
