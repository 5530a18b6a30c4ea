"""What a sentence is about, on pictures with captions whose phrases have boxes: short sentences about single things,
some with the side they are on, and mosaics of pictures, in which things are small and others compete with them.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from ..models.spec import Preprocessing
from ..preprocessing import resize
from .flickr8k import Entry, Phrase
from .pseudo import BEHIND, bumps, clause, phrases, sentence, things
from .samples import read_rgb
from .training import mirror_words

# A thing is said to be on a side where its middle is so far from the picture's and it is not wider than that.
OFF_CENTRE, NARROW = 0.12, 0.5


@dataclass(frozen=True)
class About:
    """A sentence and where what it is about is.

    Attributes:
        boxes: (n, 4) x0 y0 x1 y1 in 0..1.
        heights: (n,) of their bumps.
    """

    sentence: str
    boxes: np.ndarray
    heights: np.ndarray

    @property
    def sided(self) -> bool:
        """Whether the sentence says on which side something is."""
        return mirror_words(self.sentence) != self.sentence

    def target(self, grid: tuple[int, int]) -> np.ndarray:
        """Bumps in the boxes, (h, w) in [0, 1]."""
        return bumps(self.boxes, grid, self.heights)

    def within(self, cell: tuple[float, float, float, float]) -> About:
        """The same when its picture is shrunk into the `cell` x0 y0 x1 y1 of another one."""
        x0, y0, x1, y1 = cell
        return replace(self, boxes=np.array([x0, y0, x0, y0]) + self.boxes * [x1 - x0, y1 - y0, x1 - x0, y1 - y0])


@dataclass(frozen=True)
class Scene:
    """One picture, or four as a mosaic, with sentences about the things in it."""

    entries: tuple[Entry, ...]
    sentences: tuple[About, ...]

    def picture(self, preprocessing: Preprocessing) -> np.ndarray:
        """The picture at the size of the model's input, (height, width, 3) uint8 RGB."""
        pictures = [read_rgb(entry.image_path) for entry in self.entries]
        if len(pictures) == 1:
            return resize(pictures[0], preprocessing)
        size = preprocessing.width // 2, preprocessing.height // 2
        parts = [cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures]
        return np.vstack([np.hstack(parts[:2]), np.hstack(parts[2:])])


CELLS = ((0, 0, 0.5, 0.5), (0.5, 0, 1, 0.5), (0, 0.5, 0.5, 1), (0.5, 0.5, 1, 1))


def scenes(entries: Sequence[Entry], singles: int, seed: int) -> list[Scene]:
    """Mosaics of all `entries`, four by four, and `singles` of them as they are, in random order.

    Entries whose captions name no thing with a box are left out; up to three that are left over are in no mosaic.
    """
    generator = np.random.default_rng(seed)
    told = {entry.id: sentences_about(entry) for entry in entries}
    usable = [entry for entry in entries if told[entry.id]]
    order = [usable[number] for number in generator.permutation(len(usable))]
    found = [Scene((entry,), told[entry.id]) for entry in order[:singles]]
    order = [usable[number] for number in generator.permutation(len(usable))]
    for start in range(0, len(order) - 3, 4):
        four = tuple(order[start : start + 4])
        placed = [
            about.within(cell) for entry, cell in zip(four, CELLS, strict=True) for about in told[entry.id]
            if not about.sided
        ]  # fmt: skip
        found.append(Scene(four, tuple(placed)))
    return [found[number] for number in generator.permutation(len(found))]


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
        side = _side(thing)
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


def _side(thing: Phrase) -> str:
    """On which side of the picture the thing is; empty where on none."""
    left, right = thing.boxes[:, 0].min(), thing.boxes[:, 2].max()
    middle = (left + right) / 2
    if abs(middle - 0.5) <= OFF_CENTRE or right - left >= NARROW:
        return ""
    return "left" if middle < 0.5 else "right"
