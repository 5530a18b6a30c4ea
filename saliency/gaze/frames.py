"""Two sizes of one picture: whether their proportions agree, and maps and points brought from one to the other.

Data sets, the app and the command line all go by this rule.
"""

from __future__ import annotations

import math

import numpy as np

from ..errors import GroundTruthError
from ..resizing import antialiased

Shape = tuple[int, int]

# By how much two ratios of width to height may differ, as a logarithm: about 3 %. A picture of 481 x 321 that was
# halved with rounding differs by 0.4 %; the nearest usual ratios, 4:3 and 7:5, by 5 %.
TOLERANCE = 0.03


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
