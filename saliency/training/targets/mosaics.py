"""Sentences with targets, on single pictures and on mosaics of four, in which things are small and have competitors.

Pictures with captions whose phrases have boxes give short sentences about single things, some with their side; pictures
with gaze give their sentences with the density of gaze.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import cv2
import numpy as np

from ...data.flickr8k import Entry, Phrase
from ...data.samples import PictureFile, picture_of
from ...preprocessing import Preprocessing, resize
from .augmentation import mirror_words
from .gaze_targets import TrainingSample
from .pseudo_targets import BEHIND, bumps, clause, phrases, sentence, things

Item = TypeVar("Item")

# A thing is on a side if its centre is further from the picture's than `OFF_CENTRE` and it is narrower than `NARROW`.
OFF_CENTRE, NARROW = 0.12, 0.5


Cell = tuple[float, float, float, float]
WHOLE: Cell = (0, 0, 1, 1)
CELLS: tuple[Cell, ...] = ((0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1))
# Size of stored densities of gaze: half of it is the finest grid of the compact models' regions.
GAZE = (60, 80)


class SentenceTarget(Protocol):
    """A sentence with the map of the thing it is about."""

    @property
    def sentence(self) -> str:
        """The sentence."""

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """(h, w) in [0, 1]."""

    def within(self, cell: Cell) -> SentenceTarget:
        """The same when its picture is shrunk into the `cell` x0 y0 x1 y1 of another one."""


def sided(target: SentenceTarget) -> bool:
    """Whether the sentence contains a side."""
    return mirror_words(target.sentence) != target.sentence


@dataclass(frozen=True)
class BoxTarget:
    """A sentence and the boxes of what it is about.

    Attributes:
        boxes: (n, 4) x0 y0 x1 y1 in 0..1.
        heights: (n,) peaks of their Gaussians.
    """

    sentence: str
    boxes: np.ndarray
    heights: np.ndarray

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """Gaussians in the boxes, (h, w) in [0, 1]."""
        return bumps(self.boxes, grid, self.heights)

    def within(self, cell: Cell) -> BoxTarget:
        """The target when its picture is shrunk into `cell` of a mosaic."""
        return replace(self, boxes=within(self.boxes, cell))


def within(boxes: np.ndarray, cell: Cell) -> np.ndarray:
    """Boxes (n, 4) of a picture when it is shrunk into the `cell` of another one."""
    x0, y0, x1, y1 = cell
    return np.array([x0, y0, x0, y0]) + boxes * [x1 - x0, y1 - y0, x1 - x0, y1 - y0]


@dataclass(frozen=True)
class GazeTarget:
    """A sentence and the density of gaze after reading it.

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

    def within(self, cell: Cell) -> GazeTarget:
        """The target when its picture is shrunk into `cell` of a mosaic."""
        return replace(self, cell=cell)


@dataclass(frozen=True)
class AnnotatedPicture:
    """A picture and sentences about the things in it."""

    file: PictureFile
    sentences: tuple[SentenceTarget, ...]


def captioned_pictures(entries: Sequence[Entry], parts: int) -> list[AnnotatedPicture]:
    """Pictures with captions, `parts` + 1 sentences each; pictures whose captions have no boxes are left out."""
    found = (AnnotatedPicture(PictureFile(entry.image_path), caption_sentences(entry, parts)) for entry in entries)
    return [picture for picture in found if picture.sentences]


def gaze_pictures(samples: Sequence[TrainingSample]) -> list[AnnotatedPicture]:
    """The pictures of samples with a sentence and a density."""
    found: dict[str, AnnotatedPicture] = {}
    for sample in samples:
        if sample.sentence and (density := sample.density()) is not None:
            small = cv2.resize(density, GAZE[::-1], interpolation=cv2.INTER_AREA)
            before = found.get(picture_of(sample), AnnotatedPicture(sample.file, ()))
            target = (*before.sentences, GazeTarget(sample.sentence, small))
            found[picture_of(sample)] = replace(before, sentences=target)
    return list(found.values())


@dataclass(frozen=True)
class Scene:
    """One picture, or four as a mosaic, with sentences about the things in it."""

    pictures: tuple[AnnotatedPicture, ...]
    sentences: tuple[SentenceTarget, ...]

    def picture(self, preprocessing: Preprocessing) -> np.ndarray:
        """The picture at the size of the model's input, (height, width, 3) uint8 RGB."""
        pictures = [picture.file.read() for picture in self.pictures]
        if len(pictures) == 1:
            return resize(pictures[0], preprocessing)
        size = preprocessing.width // 2, preprocessing.height // 2
        parts = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
        return np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])


def scenes(
    captioned: Sequence[AnnotatedPicture], gaze: Sequence[AnnotatedPicture] = (), singles: int = 0
) -> list[Scene]:
    """Mosaics of four pictures, `singles` single pictures with captions, and all single pictures with gaze.

    Mosaics are of all pictures but up to three, and without the sentences that name a side. Scenes depend on the
    pictures alone.
    """
    generator = np.random.default_rng(42)
    alone = [captioned[number] for number in generator.permutation(len(captioned))[:singles]]
    found = [Scene((picture,), picture.sentences) for picture in (*alone, *gaze)]
    everything = [*captioned, *gaze]
    order = [everything[number] for number in generator.permutation(len(everything))]
    for four in mosaics(order):
        placed = [
            target.within(cell) for picture, cell in zip(four, CELLS, strict=True) for target in picture.sentences
            if not sided(target)
        ]  # fmt: skip
        if placed:
            found.append(Scene(four, tuple(placed)))
    return found


def mosaics(pictures: Sequence[Item]) -> Iterator[tuple[Item, ...]]:
    """Groups of four of `pictures`; up to three are in none."""
    return (tuple(pictures[start : start + 4]) for start in range(0, len(pictures) - 3, 4))


def caption_sentences(entry: Entry, parts: int = 3) -> tuple[BoxTarget, ...]:
    """A whole caption of the picture, about its first thing more than about the others, and `parts` shorter sentences.

    They depend on the entry alone; none where no caption names a thing.
    """
    generator = np.random.default_rng(zlib.crc32(entry.id.encode()) + 1)
    usable = [caption for caption in entry.captions if things(caption)]
    if not usable:
        return ()
    caption = usable[generator.integers(len(usable))]
    first, *others = things(caption)
    later = [BEHIND] * sum(len(thing.boxes) for thing in others)
    heights = np.array([1.0] * len(first.boxes) + later)
    found = [BoxTarget(caption.text, _boxes(first, *others), heights)]
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


def _about(text: str, boxes: np.ndarray) -> BoxTarget:
    return BoxTarget(text, boxes, np.ones(len(boxes)))


def _boxes(*named: Phrase) -> np.ndarray:
    return np.concatenate([phrase.boxes for phrase in named])


def side_of(boxes: np.ndarray) -> str:
    """On which side of the picture the things in `boxes` (n, 4) are together; empty where on none."""
    left, right = boxes[:, 0].min(), boxes[:, 2].max()
    middle = (left + right) / 2
    if abs(middle - 0.5) <= OFF_CENTRE or right - left >= NARROW:
        return ""
    return "left" if middle < 0.5 else "right"
