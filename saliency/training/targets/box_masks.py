"""Boxes of things named, on a grid."""

from __future__ import annotations

import numpy as np


def box_mask(boxes: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Share of each cell of a `grid` that a box covers, of several boxes the one that covers most; (h, w) float32.

    Args:
        boxes: (n, 4) x0 y0 x1 y1 in 0..1.
    """
    height, width = grid
    mask = np.zeros(grid, dtype=np.float32)
    for x0, y0, x1, y1 in boxes:
        columns = np.clip(
            np.minimum(x1 * width, np.arange(1, width + 1)) - np.maximum(x0 * width, np.arange(width)), 0, 1
        )
        rows = np.clip(
            np.minimum(y1 * height, np.arange(1, height + 1)) - np.maximum(y0 * height, np.arange(height)), 0, 1
        )
        mask = np.maximum(mask, np.outer(rows, columns))
    return mask.astype(np.float32)
