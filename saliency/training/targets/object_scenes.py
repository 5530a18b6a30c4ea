"""Pictures, and mosaics of two, with sentences and the masks or boxes of the things that these name.

A picture with a mask has its mask without a sentence and with a caption of the picture. In a mosaic of two pictures the
caption of one of them names the thing of this one alone: without such pictures a model learns that sentences do not
matter. Pictures whose captions have phrases with boxes give sentences about one of several things, with its box.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np

from ...data import ObjectSample
from ...data.flickr8k import Entry
from ...data.samples import PictureFile
from ...preprocessing import Preprocessing, resize
from .box_masks import box_mask
from .mosaics import WHOLE, Cell
from .pseudo_targets import clause, sentence, things

BESIDE: tuple[Cell, Cell] = ((0, 0, 0.5, 1), (0.5, 0, 1, 1))
STACKED: tuple[Cell, Cell] = ((0, 0, 1, 0.5), (0, 0.5, 1, 1))
# A box that covers more of its picture than this says little about where the thing is.
LARGEST_BOX = 0.6


class ObjectTarget(Protocol):
    """A sentence, empty for none, and where the thing is that it names."""

    @property
    def sentence(self) -> str:
        """The sentence."""

    @property
    def boxed(self) -> bool:
        """Whether the target is the thing's box instead of its mask."""

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """(h, w) float32 in [0, 1], the share of each cell that is of the thing."""


@dataclass(frozen=True)
class MaskTarget:
    """A sentence and the mask of what it names.

    Attributes:
        part: of the mask's picture that is shown, x0 y0 x1 y1 in 0..1.
        cell: where it is shown.
    """

    sentence: str
    sample: ObjectSample
    part: Cell = WHOLE
    cell: Cell = WHOLE
    boxed: bool = False

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """See `ObjectTarget`; zero outside of the cell."""
        target = np.zeros(grid, dtype=np.float32)
        rows, columns = pixels_of(self.cell, grid)
        mask = self.sample.mask().astype(np.float32)[pixels_of(self.part, self.sample.shape())]
        size = columns.stop - columns.start, rows.stop - rows.start
        target[rows, columns] = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
        return target


@dataclass(frozen=True)
class BoxTarget:
    """A sentence and the box (4,), x0 y0 x1 y1 in 0..1, of what it names."""

    sentence: str
    box: np.ndarray
    boxed: bool = True

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """See `ObjectTarget`."""
        return box_mask(self.box[None], grid)


@dataclass(frozen=True)
class ObjectScene:
    """One picture, or two as a mosaic, with sentences about the things in it.

    Attributes:
        parts: of each picture, the one that is shown.
        cells: where each is shown.
    """

    files: tuple[PictureFile, ...]
    targets: tuple[ObjectTarget, ...]
    parts: tuple[Cell, ...] = (WHOLE,)
    cells: tuple[Cell, ...] = (WHOLE,)

    def picture(self, preprocessing: Preprocessing) -> np.ndarray:
        """The picture at the size of the model's input, (height, width, 3) uint8 RGB."""
        if len(self.files) == 1:
            return resize(self.files[0].read(), preprocessing)
        shown = np.zeros((preprocessing.height, preprocessing.width, 3), dtype=np.uint8)
        for file, part, cell in zip(self.files, self.parts, self.cells, strict=True):
            picture = file.read()
            rows, columns = pixels_of(cell, shown.shape[:2])
            size = columns.stop - columns.start, rows.stop - rows.start
            shown[rows, columns] = cv2.resize(picture[pixels_of(part, picture.shape[:2])], size)
        return shown


def pixels_of(cell: Cell, shape: tuple[int, ...]) -> tuple[slice, slice]:
    """Rows and columns of the `cell` x0 y0 x1 y1 in 0..1 of a picture of `shape` (H, W)."""
    x0, y0, x1, y1 = (round(share * side) for share, side in zip(cell, shape[1::-1] * 2, strict=True))
    return slice(y0, y1), slice(x0, x1)


def masked_scenes(samples: Sequence[ObjectSample], captions: Mapping[str, str]) -> list[ObjectScene]:
    """The pictures of `samples` with their masks, without a sentence and with their captions.

    Args:
        captions: by stem; empty for no sentences.
    """
    sentences = [tuple(dict.fromkeys(("", captions.get(sample.stem, "")))) for sample in samples]
    return [
        ObjectScene((PictureFile(sample.image_path),), tuple(MaskTarget(text, sample) for text in texts))
        for sample, texts in zip(samples, sentences, strict=True)
    ]


def object_pairs(samples: Sequence[ObjectSample], count: int) -> list[tuple[ObjectSample, ObjectSample]]:
    """At most `count` pairs of different pictures, each in one; they depend on the samples alone."""
    order = np.random.default_rng(42).permutation(len(samples))[: 2 * count]
    return [(samples[one], samples[other]) for one, other in zip(order[::2], order[1::2], strict=False)]


def mosaic(pair: tuple[ObjectSample, ObjectSample], captions: Mapping[str, str], aspect: float = 4 / 3) -> ObjectScene:
    """Two pictures side by side or one above the other, with the caption of each and its mask alone.

    Args:
        captions: by stem.
        aspect: width of the model's pictures by their height.
    """
    beside = zlib.crc32(" ".join(sample.stem for sample in pair).encode()) % 2
    cells = BESIDE if beside else STACKED
    parts = tuple(_around_object(sample, aspect / 2 if beside else aspect * 2) for sample in pair)
    targets = tuple(
        MaskTarget(captions.get(sample.stem, ""), sample, part, cell)
        for sample, part, cell in zip(pair, parts, cells, strict=True)
    )
    return ObjectScene(tuple(PictureFile(sample.image_path) for sample in pair), targets, parts, cells)


def _around_object(sample: ObjectSample, aspect: float) -> Cell:
    """The largest part of a picture of this width by height, with the object in its middle as far as possible."""
    mask = sample.mask()
    height, width = mask.shape
    sides = min(1.0, aspect * height / width), min(1.0, width / height / aspect)
    places = np.argwhere(mask) + 0.5 if mask.any() else np.array([[height, width]]) / 2
    middle = places.mean(axis=0)[::-1] / (width, height)
    left, top = (min(max(at - side / 2, 0), 1 - side) for at, side in zip(middle, sides, strict=True))
    return left, top, left + sides[0], top + sides[1]


def phrase_scenes(entries: Sequence[Entry]) -> list[ObjectScene]:
    """Pictures with at least two things that have one box each, with a sentence about each."""
    return [scene for scene in map(_named_things, entries) if len(scene.targets) > 1]


def _named_things(entry: Entry) -> ObjectScene:
    """The entry's picture with its things of one box: by turns the phrase alone, and the caption from it on."""
    targets: dict[tuple[float, ...], BoxTarget] = {}
    for caption in entry.captions:
        for thing in things(caption):
            box = thing.boxes[0]
            if len(thing.boxes) == 1 and (box[2] - box[0]) * (box[3] - box[1]) <= LARGEST_BOX:
                words, rest = clause(caption, thing)
                text = words if len(targets) % 2 == 0 else f"{words} {rest}".strip()
                targets.setdefault(tuple(box.tolist()), BoxTarget(sentence(text), box))
    return ObjectScene((PictureFile(entry.image_path),), tuple(targets.values()))
