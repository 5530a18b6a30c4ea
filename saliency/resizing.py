"""Maps and pictures at another size, between pixel centres; `models.blocks.resize` is the same for tensors."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image

Shape = tuple[int, int]


def within(shape: Shape, side: int) -> Shape:
    """The size of a picture (H, W) that is shrunk until its longer side has at most `side` pixels."""
    scale = min(1.0, side / max(shape))
    return max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale))


def bilinear(values: np.ndarray, shape: Shape) -> np.ndarray:
    """Values (h, w) or (h, w, channels) at the size (H, W), bilinear; a new array of the same type.

    As ``torch.nn.functional.interpolate(align_corners=False)``: nothing is averaged where it becomes smaller.
    """
    if values.dtype != np.float64:
        return cv2.resize(values, shape[::-1], interpolation=cv2.INTER_LINEAR)
    # OpenCV's weights are float32: a constant float64 map would not stay constant.
    return _blended(_blended(values, shape[0], 0), shape[1], 1)


def _blended(values: np.ndarray, size: int, axis: int) -> np.ndarray:
    """`values` with `size` cells along an axis."""
    cells = values.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * cells / size - 0.5, 0, cells - 1)
    low = at.astype(np.intp)
    share = np.expand_dims(at - low, tuple(other for other in range(values.ndim) if other != axis))
    first = values.take(low, axis)
    return first + share * (values.take(np.minimum(low + 1, cells - 1), axis) - first)


def antialiased(values: np.ndarray, shape: Shape) -> np.ndarray:
    """A map (h, w) at the size (H, W), float32: bilinear, averaging where it shrinks, as image libraries do it."""
    image = Image.fromarray(np.asarray(values, dtype=np.float32))
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR))
