"""What sentences are about: on pictures with captions whose phrases have boxes, short sentences about single things,
some with the side they are on; on pictures with gaze, where people look who have read the sentence. And mosaics of
pictures, in which things are small and others compete with them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeVar

import cv2
import numpy as np

from ..preprocessing import Preprocessing, resize
from .flickr8k import Entry, Phrase
from .pseudo import BEHIND, bumps, clause, phrases, sentence, things
from .samples import Sample, picture_of, read_rgb
from .training import mirror_words

Item = TypeVar("Item")

# A thing is said to be on a side where its middle is so far from the picture's and it is not wider than that.
OFF_CENTRE, NARROW = 0.12, 0.5


Cell = tuple[float, float, float, float]
WHOLE: Cell = (0, 0, 1, 1)
CELLS: tuple[Cell, ...] = ((0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1))
# A map of gaze is kept so small: half of it is still the finest grid that a compact model's regions have.
GAZE = (60, 80)


class Told(Protocol):
    """A sentence, and where in its picture what it is about is."""

    sentence: str

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """(h, w) in [0, 1]."""

    def within(self, cell: Cell) -> Told:
        """The same when its picture is shrunk into the `cell` x0 y0 x1 y1 of another one."""


def sided(told: Told) -> bool:
    """Whether the sentence says on which side something is."""
    return mirror_words(told.sentence) != told.sentence


@dataclass(frozen=True)
class About:
    """A sentence and the boxes of what it is about.

    Attributes:
        boxes: (n, 4) x0 y0 x1 y1 in 0..1.
        heights: (n,) of their bumps.
    """

    sentence: str
    boxes: np.ndarray
    heights: np.ndarray

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """Bumps in the boxes, (h, w) in [0, 1]."""
        return bumps(self.boxes, grid, self.heights)

    def within(self, cell: Cell) -> About:
        return replace(self, boxes=within(self.boxes, cell))


def within(boxes: np.ndarray, cell: Cell) -> np.ndarray:
    """Boxes (n, 4) of a picture when it is shrunk into the `cell` of another one."""
    x0, y0, x1, y1 = cell
    return np.array([x0, y0, x0, y0]) + boxes * [x1 - x0, y1 - y0, x1 - x0, y1 - y0]


@dataclass(frozen=True)
class Watched:
    """A sentence and where people looked who had read it.

    Attributes:
        density: (60, 80) in [0, 1].
        cell: x0 y0 x1 y1 in 0..1, the part of the picture that the density is of.
    """

    sentence: str
    density: np.ndarray
    cell: Cell = WHOLE

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """The density in its cell, (h, w) in [0, 1], 1 at its maximum."""
        x0, y0, x1, y1 = (round(share * side) for share, side in zip(self.cell, grid[::-1] * 2, strict=True))
        target = np.zeros(grid)
        target[y0:y1, x0:x1] = cv2.resize(self.density, (x1 - x0, y1 - y0), interpolation=cv2.INTER_AREA)
        return target / target.max()

    def within(self, cell: Cell) -> Watched:
        return replace(self, cell=cell)


@dataclass(frozen=True)
class Picture:
    """A picture and sentences about the things in it."""

    image_path: Path
    sentences: tuple[Told, ...]


def captioned(entries: Sequence[Entry], parts: int) -> list[Picture]:
    """Pictures with captions, `parts` and one sentences each; those are left out whose captions name nothing."""
    found = (Picture(entry.image_path, sentences_about(entry, parts)) for entry in entries)
    return [picture for picture in found if picture.sentences]


def watched(samples: Sequence[Sample]) -> list[Picture]:
    """The pictures of samples with a sentence and a density."""
    found: dict[str, Picture] = {}
    for sample in samples:
        if sample.sentence and (density := sample.density()) is not None:
            small = cv2.resize(density, GAZE[::-1], interpolation=cv2.INTER_AREA)
            before = found.get(picture_of(sample), Picture(sample.image_path, ()))
            told = (*before.sentences, Watched(sample.sentence, small))
            found[picture_of(sample)] = replace(before, sentences=told)
    return list(found.values())


@dataclass(frozen=True)
class Scene:
    """One picture, or four as a mosaic, with sentences about the things in it."""

    pictures: tuple[Picture, ...]
    sentences: tuple[Told, ...]

    def picture(self, preprocessing: Preprocessing) -> np.ndarray:
        """The picture at the size of the model's input, (height, width, 3) uint8 RGB."""
        pictures = [read_rgb(picture.image_path) for picture in self.pictures]
        if len(pictures) == 1:
            return resize(pictures[0], preprocessing)
        size = preprocessing.width // 2, preprocessing.height // 2
        parts = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
        return np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])


def scenes(captioned: Sequence[Picture], watched: Sequence[Picture] = (), singles: int = 0) -> list[Scene]:
    """Mosaics of all pictures, four by four, and, as they are, `singles` of those with captions and all those with
    gaze. They depend on the pictures alone.

    Up to three that are left over are in no mosaic, and neither is what says a side.
    """
    generator = np.random.default_rng(42)
    alone = [captioned[number] for number in generator.permutation(len(captioned))[:singles]]
    found = [Scene((picture,), picture.sentences) for picture in (*alone, *watched)]
    everything = [*captioned, *watched]
    order = [everything[number] for number in generator.permutation(len(everything))]
    for four in mosaics(order):
        placed = [
            told.within(cell) for picture, cell in zip(four, CELLS, strict=True) for told in picture.sentences
            if not sided(told)
        ]  # fmt: skip
        if placed:
            found.append(Scene(four, tuple(placed)))
    return found


def mosaics(pictures: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """`pictures` four by four; up to three that are left over are in none."""
    return (tuple(pictures[start : start + 4]) for start in range(0, len(pictures) - 3, 4))


def sentences_about(entry: Entry, parts: int = 3) -> tuple[About, ...]:
    """A whole caption of the picture, about its first thing more than about the others, and `parts` shorter sentences.

    They depend on the entry alone; none where no caption names a thing.
    """
    generator = np.random.default_rng(zlib.crc32(entry.id.encode()) + 1)
    usable = [caption for caption in entry.captions if things(caption)]
    if not usable:
        return ()
    caption = usable[generator.integers(len(usable))]
    first, *others = things(caption)
    behind = [BEHIND] * sum(len(thing.boxes) for thing in others)
    heights = np.array([1.0] * len(first.boxes) + behind)
    found = [About(caption.text, _boxes(first, *others), heights)]
    for _ in range(parts):
        caption = usable[generator.integers(len(usable))]
        if generator.random() < 0.35:
            text, named = phrases(caption, generator)
            found.append(_about(text, _boxes(*named)))
            continue
        thing = things(caption)[generator.integers(len(things(caption)))]
        words, rest = clause(caption, thing)
        side = side_of(thing.boxes)
        if side and generator.random() < 0.4:
            words += generator.choice([f" on the {side}", f" on the {side} side", f" to the {side}"])
            rest = "" if generator.random() < 0.5 else rest
        text = f"{words} {rest}".strip()
        if generator.random() < 0.3:
            text = f"There {'are' if len(thing.boxes) > 1 else 'is'} {text[:1].lower()}{text[1:]}"
        found.append(_about(sentence(text), thing.boxes))
    return tuple(found)


def _about(text: str, boxes: np.ndarray) -> About:
    return About(text, boxes, np.ones(len(boxes)))


def _boxes(*named: Phrase) -> np.ndarray:
    return np.concatenate([phrase.boxes for phrase in named])


def side_of(boxes: np.ndarray) -> str:
    """On which side of the picture the things in `boxes` (n, 4) are together; empty where on none."""
    left, right = boxes[:, 0].min(), boxes[:, 2].max()
    middle = (left + right) / 2
    if abs(middle - 0.5) <= OFF_CENTRE or right - left >= NARROW:
        return ""
    return "left" if middle < 0.5 else "right"
