"""Inputs of metrics: checks with errors that a user understands; maps and fixations at another size."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MetricError
from ..resizing import bilinear, move_points

Map = NDArray[np.float64]
Points = NDArray[np.intp]


def as_map(values: ArrayLike, name: str = "prediction") -> Map:
    """A map (H, W) as float64.

    Raises:
        MetricError: not two-dimensional, empty, or holding NaN or infinity.
    """
    values = np.asarray(values, dtype=np.float64)
    if values.ndim != 2 or not values.size:
        raise MetricError(
            "the {name} must be a map of height x width, not an array of shape {shape}", name=name, shape=values.shape
        )
    if not np.isfinite(values).all():
        raise MetricError("the {name} holds NaN or infinite values and cannot be scored", name=name)
    return values


def as_density(values: ArrayLike) -> Map:
    """A ground-truth density (H, W) as float64.

    Raises:
        MetricError: as `as_map`, or a negative value.
    """
    values = as_map(values, "density map")
    if values.min() < 0:
        raise MetricError("the density map holds negative values")
    return values


def as_fixations(fixations: ArrayLike, shape: tuple[int, int]) -> Points:
    """Fixations as (N, 2) integers (row, column), repeats included.

    Args:
        fixations: (N, 2) whole numbers, or a boolean map (H, W), true at fixated pixels.
        shape: (H, W) of the map they are on.

    Raises:
        MetricError: another shape, fractions, or a fixation outside the frame.
    """
    fixations = np.asarray(fixations)
    if fixations.dtype == bool:
        if fixations.shape != shape:
            raise MetricError(
                "the fixation map has shape {shape}, the picture {expected}", shape=fixations.shape, expected=shape
            )
        return np.argwhere(fixations)
    if fixations.size == 0:
        return np.empty((0, 2), dtype=np.intp)
    if fixations.ndim != 2 or fixations.shape[1] != 2:
        raise MetricError(
            "fixations must be pairs of row and column, not an array of shape {shape}", shape=fixations.shape
        )
    points = fixations.astype(np.intp)
    if not np.array_equal(points, fixations):
        raise MetricError("fixations must be whole numbers of pixels")
    if points.min() < 0 or (points >= shape).any():
        raise MetricError(
            "a fixation lies outside the picture of height {height} and width {width}", height=shape[0], width=shape[1]
        )
    return points


def unique(points: Points) -> Points:
    """The fixated pixels: `points` (N, 2) without repeats, ordered by row and column."""
    return np.unique(points, axis=0)


def fixation_counts(points: Points, shape: tuple[int, int]) -> Map:
    """Number of fixations at each pixel, (H, W)."""
    flat = np.ravel_multi_index((points[:, 0], points[:, 1]), shape)
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape).astype(np.float64)


def pool_fixations(others: Iterable[tuple[Points, tuple[int, int]]], shape: tuple[int, int]) -> Points:
    """Fixations on several pictures, each with its picture's size (H, W), moved to one of size `shape`; (M, 2)."""
    moved = [move_points(points, size, shape) for points, size in others]
    return np.concatenate([np.empty((0, 2), dtype=np.intp), *moved])


def resize_map(values: Map, shape: tuple[int, int]) -> Map:
    """A map at another size (H, W): bilinear on pixel centres, as predictions are brought to their picture's size."""
    return values if values.shape == tuple(shape) else bilinear(values, shape)
