"""From a picture to a model's input and back: the one definition that training, evaluation and prediction share."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from .models.spec import Preprocessing


def prepare(picture: np.ndarray, preprocessing: Preprocessing) -> Tensor:
    """A picture as a model takes it.

    Resizing is bilinear with antialiasing; with ``fit="pad"`` the picture keeps its aspect ratio and lies in the
    middle of zeros (the mean colour).

    Args:
        picture: (H, W, 3) uint8 RGB.

    Returns:
        (3, height, width) float32, normalised per channel.
    """
    size = (preprocessing.height, preprocessing.width)
    rows, columns = content(preprocessing, picture.shape[:2], size)
    inner = (rows.stop - rows.start, columns.stop - columns.start)
    # A (N, 3, H, W) view of channels-last memory: the fast path of the resizing kernel.
    pixels = torch.from_numpy(np.ascontiguousarray(picture)).permute(2, 0, 1)[None]
    pixels = F.interpolate(pixels, inner, mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (preprocessing.mean, preprocessing.std))
    pixels = (pixels[0].float() / 255 - mean) / std
    if inner == size:
        return pixels.contiguous()
    canvas = torch.zeros(3, *size)
    canvas[:, rows, columns] = pixels
    return canvas


def content(preprocessing: Preprocessing, shape: tuple[int, int], size: tuple[int, int]) -> tuple[slice, slice]:
    """Rows and columns of a map that show the picture and not padding.

    Args:
        shape: (H, W) of the picture.
        size: (h, w) of the map, which may be coarser than the model's input.
    """
    if preprocessing.fit == "squash":
        return slice(0, size[0]), slice(0, size[1])
    if preprocessing.fit != "pad":
        raise ValueError(f"fit must be squash or pad, not {preprocessing.fit!r}")
    scale = min(preprocessing.height / shape[0], preprocessing.width / shape[1])
    full = (preprocessing.height, preprocessing.width)
    spans = []
    for side, whole, cells in zip(shape, full, size, strict=True):
        inner = max(1, round(side * scale * cells / whole))
        start = (cells - inner) // 2
        spans.append(slice(start, start + inner))
    return spans[0], spans[1]
