"""The segments of a picture, which annotators choose among."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..resizing import within

NO_SEGMENT = -1  # of pixels that belong to none


@dataclass(frozen=True)
class Segment:
    """What is known of a segment.

    Attributes:
        name: of its category; empty where there is none.
        thing: whether it is a thing that can be counted, and no stuff such as sky.
    """

    name: str = ""
    thing: bool = False


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A picture in segments that do not overlap.

    Attributes:
        labels: (H, W) int32, each pixel's index in `segments`, or `NO_SEGMENT`.
        segments: in order.
        source: ``coco panoptic`` or ``slic``.
    """

    labels: np.ndarray
    segments: tuple[Segment, ...]
    source: str

    @cached_property
    def areas(self) -> np.ndarray:
        """Pixels of each segment, (segments,) int64."""
        return np.bincount(self.labels[self.labels >= 0].ravel(), minlength=len(self.segments))

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of each segment in the picture's area, (segments,) in [0, 1]."""
        return self.areas / self.labels.size

    @cached_property
    def key(self) -> str:
        """Names the segments by their content: choices made among others are none among these."""
        content = np.ascontiguousarray(self.labels, dtype="<i4")
        return hashlib.sha256(repr(content.shape).encode() + content.tobytes()).hexdigest()[:16]

    def mask(self, chosen: Collection[int]) -> np.ndarray:
        """The union of the segments `chosen`, (H, W) bool."""
        return np.isin(self.labels, sorted(chosen))

    def reduced(self, side: int) -> np.ndarray:
        """The labels with a longer side of at most `side` pixels, by the nearest neighbour."""
        return nearest(self.labels, within(self.labels.shape, side))


def nearest(labels: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Labels (H, W) at another `shape`, each pixel that of the nearest one."""
    rows, columns = (
        ((np.arange(wanted) + 0.5) * given / wanted).astype(int)
        for wanted, given in zip(shape, labels.shape, strict=True)
    )
    return labels[rows[:, None], columns]
