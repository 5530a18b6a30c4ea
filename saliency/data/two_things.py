"""Pictures of two things with a sentence about each: does what a model finds follow the sentence?"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from .flickr8k import Caption, Entry, Phrase

PICTURES = 20
AREAS = (0.02, 0.5)  # of each box, in shares of the picture
NO_THINGS = ("scene", "clothing", "bodyparts")


@dataclass(frozen=True)
class NamedThing:
    """A sentence that names a thing, and the thing's box x0 y0 x1 y1 in 0..1."""

    sentence: str
    box: np.ndarray

    def share(self, values: np.ndarray) -> float:
        """Share of the mass of a map (H, W) >= 0 that is in the box; 0 for an empty map."""
        height, width = values.shape
        x0, y0, x1, y1 = (round(float(at) * side) for at, side in zip(self.box, (width, height) * 2, strict=True))
        return float(values[y0:y1, x0:x1].sum() / max(values.sum(), 1e-12))


@dataclass(frozen=True)
class TwoThings:
    """A picture and two things in it whose boxes do not overlap."""

    id: str
    image_path: Path
    things: tuple[NamedThing, NamedThing]


def two_things(entries: Iterable[Entry], count: int = PICTURES) -> list[TwoThings]:
    """The test set of `count` of the pictures, by a hash of their ids.

    Of a picture it takes the two things whose smaller box is largest: of one caption, with one box each, which do not
    overlap, and whose phrases have no word in common but an article.
    """
    found = {entry.id: pair for entry in entries if (pair := _largest_pair(entry))}
    order = sorted(found, key=lambda name: (zlib.crc32(name.encode()), name))
    return [found[name] for name in order[:count]]


def _largest_pair(entry: Entry) -> TwoThings | None:
    pairs = [pair for caption in entry.captions for pair in _pairs(caption)]
    if not pairs:
        return None
    largest = max(pairs, key=lambda pair: min(_area(thing.box) for thing in pair))
    return TwoThings(entry.id, entry.image_path, largest)


def _pairs(caption: Caption) -> Iterator[tuple[NamedThing, NamedThing]]:
    things = [phrase for phrase in caption.phrases if _is_thing(phrase)]
    for one, other in combinations(things, 2):
        words = [set(_words(caption, phrase).lower().split(" ")) - {"a", "an", "the"} for phrase in (one, other)]
        if not words[0] & words[1] and not _overlap(one.boxes[0], other.boxes[0]):
            first, second = (NamedThing(_words(caption, phrase), phrase.boxes[0]) for phrase in (one, other))
            yield first, second


def _is_thing(phrase: Phrase) -> bool:
    return (
        len(phrase.boxes) == 1
        and AREAS[0] <= _area(phrase.boxes[0]) <= AREAS[1]
        and not any(kind in phrase.kind for kind in NO_THINGS)
    )


def _words(caption: Caption, phrase: Phrase) -> str:
    words = " ".join(caption.text.split(" ")[phrase.start : phrase.end])
    return words[:1].upper() + words[1:]


def _area(box: np.ndarray) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _overlap(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.minimum(one[2:], other[2:]) > np.maximum(one[:2], other[:2])).all())
