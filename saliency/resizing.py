"""Maps, pictures and points at another size, between pixel centres, and whether two sizes are of one picture.

`models.blocks.resize` is the same for tensors.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from PIL import Image

from .errors import GroundTruthError

Shape = tuple[int, int]

# By how much two ratios of width to height may differ, as a logarithm: about 3 %. A picture of 481 x 321 that was
# halved with rounding differs by 0.4 %; the nearest usual ratios, 4:3 and 7:5, by 5 %.
TOLERANCE = 0.03


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


def same_proportions(size: Shape, shape: Shape) -> bool:
    """Whether a frame of `size` (h, w) can be the picture of `shape` (H, W) at another size."""
    (rows, columns), (height, width) = size, shape
    if min(rows, columns, height, width) <= 0:
        return False
    return abs(math.log(width * rows / (height * columns))) <= TOLERANCE


def fit_density(values: np.ndarray, shape: Shape) -> np.ndarray:
    """A density (h, w) at the size (H, W) of its picture: bilinear on pixel centres, float32 where it is resized.

    Where it becomes smaller, a pixel is the weighted mean of all that it covers.

    Raises:
        GroundTruthError: the proportions differ; the sentence gives both sizes.
    """
    height, width = shape
    if values.shape == (height, width):
        return values
    if not same_proportions(values.shape, shape):
        raise GroundTruthError(
            "The density map is {columns} x {rows}, the picture {width} x {height} pixels: their proportions differ.",
            columns=values.shape[1],
            rows=values.shape[0],
            width=width,
            height=height,
        )
    return antialiased(values, shape)


def move_points(points: np.ndarray, size: Shape, shape: Shape) -> np.ndarray:
    """Pixels (N, 2) (row, column) of a frame of `size` (h, w) as pixels of one of `shape` (H, W); they stay inside."""
    moved = np.floor(np.asarray(points).reshape(-1, 2) * np.asarray(shape) / np.asarray(size)).astype(np.int64)
    return np.clip(moved, 0, np.asarray(shape) - 1)
