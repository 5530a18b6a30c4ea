"""Pseudo-targets: simulated gaze after reading a caption, from free-viewing gaze and the boxes of its phrases.

SJTU-TIS has text-guided gaze for a few hundred pictures; Flickr8k has captions for thousands. Where people would look
freely is predicted by a text-blind model, or known; a sentence draws that density towards the things it is about, which
are not all it names: people who read "A man squats on the grass" look at the man.

- a whole caption: the density times (0.5 + bumps), the bumps of things behind the first one half as high;
- one or two of its phrases alone, or a clause of it, which is about the thing it begins with: 0.85 of sqrt(density)
  times bumps, and 0.15 of the density;
- no sentence, or one of another picture: the density itself.

A bump is a Gaussian ellipse in a phrase's box, its standard deviation the side divided by 2.6. Used for training only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ...box_gaussians import side_profiles
from ...conditions import Condition
from ...data.flickr8k import Caption, Entry, Phrase
from ...data.samples import PictureFile

BEHIND = 0.5  # height of the bumps of things that a caption names after the first
UNRELATED = 0.4  # of the pictures get a caption of another one: with one for each, models learned not to move
NO_THINGS = ("scene", "clothing", "bodyparts")
_PLURALS = ("people", "men", "women", "children", "policemen", "firemen", "sheep", "geese", "teeth")


@dataclass(frozen=True)
class PseudoSample:
    """A simulated sample with the interface of a `Sample`, without fixations.

    Attributes:
        free: (h, w) predicted density of free viewing, any scale.
        boxes: (n, 4) x0 y0 x1 y1 in 0..1, the regions the sentence is about.
        heights: (n,) of their bumps.
    """

    stem: str
    picture: str
    condition: Condition
    sentence: str
    image_path: Path
    free: np.ndarray
    boxes: np.ndarray
    heights: np.ndarray

    @property
    def file(self) -> PictureFile:
        """The picture's file."""
        return PictureFile(self.image_path)

    def image(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""
        return self.file.read()

    def density(self) -> np.ndarray:
        """The pseudo-target, (h, w) float64 with a maximum of 1."""
        free = self.free.astype(np.float64) / self.free.max()
        if self.condition is Condition.PURE or not len(self.boxes):
            return free
        named = bumps(self.boxes, free.shape, self.heights)
        if self.condition is Condition.WHOLE:
            target = free * (0.5 + named)
        else:
            drawn = np.sqrt(free) * named
            target = 0.85 * drawn / drawn.sum() + 0.15 * free / free.sum()
        return target / target.max()

    def fixations(self) -> None:
        """None: pseudo-targets have no fixations."""


def bumps(boxes: np.ndarray, shape: tuple[int, int], heights: np.ndarray) -> np.ndarray:
    """Sum over `boxes` of Gaussian ellipses of the `heights`, clipped to [0, 1]; (h, w) `shape`."""
    corners = np.asarray(boxes, dtype=np.float64).reshape(-1, 2, 2)
    centres, sides = corners.mean(axis=1), corners[:, 1] - corners[:, 0]
    columns, rows = (side_profiles(centres[:, axis], sides[:, axis], shape[1 - axis]) for axis in (0, 1))
    return np.minimum(np.einsum("n,ny,nx->yx", heights, rows, columns), 1)


def pseudo_samples(
    entries: Sequence[Entry], free: dict[str, np.ndarray], captions: int = 1, parts: int = 2
) -> Iterator[PseudoSample]:
    """Per picture the pure sample, `captions` whole captions and `parts` short sentences.

    Some pictures (`UNRELATED`) also have a caption of another picture that shares no thing with it.

    Args:
        entries: pictures with captions and boxes; those whose captions name no thing with a box are left out.
        free: density of free viewing by id.
    """
    for entry in entries:
        generator = np.random.default_rng(zlib.crc32(entry.id.encode()))
        usable = [caption for caption in entry.captions if things(caption)]
        if not usable:
            continue
        made: list[tuple[Condition, str, list[Phrase]]] = [(Condition.PURE, "", [])]
        for number in generator.permutation(len(usable))[:captions]:
            made.append((Condition.WHOLE, usable[number].text, things(usable[number])))
        for _ in range(parts):
            caption = usable[generator.integers(len(usable))]
            if generator.random() < 0.5:
                thing = things(caption)[generator.integers(len(things(caption)))]
                made.append((Condition.SALIENT, sentence(" ".join(clause(caption, thing)).strip()), [thing]))
            else:
                made.append((Condition.SALIENT, *phrases(caption, generator)))
        if generator.random() < UNRELATED:
            made += [(Condition.SALIENT, text, []) for text in _unrelated(entry, entries, generator)]
        for number, (condition, text, named) in enumerate(made):
            boxes = np.concatenate([np.empty((0, 4)), *(thing.boxes for thing in named)])
            heights = np.full(len(boxes), BEHIND if condition is Condition.WHOLE else 1.0)
            heights[: len(named[0].boxes) if named else 0] = 1.0
            stem = f"{entry.id}-{number}"
            yield PseudoSample(stem, entry.id, condition, text, entry.image_path, free[entry.id], boxes, heights)


def things(caption: Caption) -> list[Phrase]:
    """The phrases of a caption for things, without places and parts of bodies."""
    found = [p for p in caption.phrases if not any(kind in p.kind for kind in NO_THINGS)]
    return sorted(found, key=lambda phrase: phrase.start)


def _unrelated(entry: Entry, entries: Sequence[Entry], generator: np.random.Generator, tries: int = 8) -> list[str]:
    """A caption of another picture naming no thing by a word this one's captions have; none where `tries` fail."""
    own = {word.lower() for caption in entry.captions for word in caption.text.split(" ")}
    for number in generator.integers(len(entries), size=tries):
        for caption in entries[number].captions[:1]:
            named = {_words(caption, thing.end - 1, thing.end).lower() for thing in things(caption)}
            if named and not named & own:
                return [caption.text]
    return []


def phrases(caption: Caption, generator: np.random.Generator) -> tuple[str, list[Phrase]]:
    """One or two things the caption names, as a sentence."""
    named = things(caption)
    chosen = sorted(generator.permutation(len(named))[: generator.integers(1, 3)])
    named = [named[number] for number in chosen]
    text = sentence(" and ".join(_words(caption, thing.start, thing.end) for thing in named).removesuffix(" ."))
    if generator.random() < 0.3:
        text = f"There {'are' if _several(named[0], caption) else 'is'} {text[:1].lower()}{text[1:]}"
    return text, named


def _several(thing: Phrase, caption: Caption) -> bool:
    """Whether a phrase is a plural: "two dogs", "people"."""
    last = _words(caption, thing.end - 1, thing.end).lower()
    return last in _PLURALS or (last.endswith("s") and not last.endswith(("ss", "us", "is", "'s")))


def clause(caption: Caption, thing: Phrase) -> tuple[str, str]:
    """The caption from one of its things on, which is about that thing: "a man", "in overalls is working on a wall"."""
    words = caption.text.removesuffix(" .").split(" ")
    return " ".join(words[thing.start : thing.end]), " ".join(words[thing.end :])


def sentence(text: str) -> str:
    """`text` with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _words(caption: Caption, start: int, end: int) -> str:
    return " ".join(caption.text.split(" ")[start:end])
