"""Masks of salient objects in files of their own, each given for one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from .data.object_masks import object_pixels
from .errors import GroundTruthError, PictureError
from .gaze.reading import array_of
from .imaging import read, read_values, white_of
from .messages import Message
from .resizing import Shape, same_proportions

_ARRAYS = (".npy", ".npz", ".mat")
_BINARY = 0.98  # share of pixels that are black or white; the rest are smooth edges


@dataclass(frozen=True, eq=False)
class ObjectMask:
    """A mask that was read.

    Attributes:
        pixels: (H, W) bool, true on the objects, at the picture's size.
        notices: on how it was read.
    """

    pixels: np.ndarray
    notices: tuple[Message, ...] = ()

    @property
    def account(self) -> tuple[Message, ...]:
        """What was read, in sentences."""
        return Message("A mask of objects on {share:.0%} of the picture", share=self.pixels.mean()), *self.notices


def read_mask(path: Path | str, shape: Shape) -> ObjectMask:
    """The mask in a file, for a picture of `shape` (H, W): a picture that is white on the objects, or an array.

    A pixel is of an object where its value is more than 128 of 255, as in data sets of salient objects, or more than
    half of 1 where no value is larger than 1. A mask of another size is brought to the picture's.

    Raises:
        GroundTruthError: it cannot be read, has other proportions than the picture, or no object.
    """
    values, white = _values(Path(path))
    top = 1.0 if values.max() <= 1 else white
    found = object_pixels(values, top)
    if not found.any():
        raise GroundTruthError("The mask is empty: no pixel of it is white.")
    if not same_proportions(found.shape, shape):
        raise GroundTruthError(
            "The mask is {columns} x {rows}, the picture {width} x {height} pixels: their proportions differ.",
            columns=found.shape[1],
            rows=found.shape[0],
            width=shape[1],
            height=shape[0],
        )
    notices: tuple[Message, ...] = ()
    if ((values == 0) | (values == top)).mean() < _BINARY:
        notices = (Message("It has grey values; what is brighter than half of white is taken for an object."),)
    return ObjectMask(resized_mask(found, shape), notices)


def resized_mask(mask: np.ndarray, shape: Shape) -> np.ndarray:
    """A mask (h, w) at the size (H, W): where an object covers at least half of the pixel."""
    if mask.shape == tuple(shape):
        return mask
    how = cv2.INTER_AREA if mask.shape[0] > shape[0] else cv2.INTER_NEAREST_EXACT
    return cv2.resize(mask.astype(np.float32), shape[::-1], interpolation=how) >= 0.5


def _values(path: Path) -> tuple[np.ndarray, float]:
    """The values (H, W) in a file, and which of them is white."""
    if path.suffix.lower() not in _ARRAYS:
        try:
            values = read_values(read(path), grey=True)
        except PictureError as error:
            raise GroundTruthError("The mask cannot be used. {why}", why=error.message) from None
        return values, white_of(values)
    values = np.asarray(array_of(path)).squeeze()
    if values.ndim != 2 or values.size == 0 or values.dtype.kind not in "biuf" or not np.isfinite(values).all():
        raise GroundTruthError("A mask must be an array of numbers of the shape (height, width).")
    return values, 255.0
