"""Pseudo-targets: what gaze guided by a caption would look like, from free-viewing gaze and the boxes of its phrases.

SJTU-TIS has text-guided gaze for a few hundred pictures; Flickr8k has captions for thousands. Where people would look
freely is predicted by a text-blind model; a sentence draws that density towards the regions it names:

- the whole caption: the density times (0.5 + bumps);
- one or two of its phrases alone: 0.85 of sqrt(density) times bumps, and 0.15 of the density;
- no sentence, or one of which nothing is in the picture: the density itself.

A bump is a Gaussian ellipse in a phrase's box, its standard deviation the side divided by 2.6. Used for training only.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..conditions import Condition
from .flickr8k import Caption, Entry, Phrase
from .samples import read_rgb

SPREAD = 2.6  # of a box's side to the standard deviation of its bump


@dataclass(frozen=True)
class PseudoSample:
    """A made-up sample with the face of a `Sample`; there are no fixations.

    Attributes:
        free: (h, w) predicted density of free viewing, any scale.
        boxes: (n, 4) x0 y0 x1 y1 in 0..1, the regions the sentence names.
    """

    stem: str
    picture: str
    condition: Condition
    sentence: str
    image_path: Path
    free: np.ndarray
    boxes: np.ndarray

    def image(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""
        return read_rgb(self.image_path)

    def density(self) -> np.ndarray:
        """The pseudo-target, (h, w) float64 with a maximum of 1."""
        free = self.free.astype(np.float64) / self.free.max()
        if self.condition is Condition.PURE or not len(self.boxes):
            return free
        named = bumps(self.boxes, free.shape)
        if self.condition is Condition.WHOLE:
            target = free * (0.5 + named)
        else:
            drawn = np.sqrt(free) * named
            target = 0.85 * drawn / drawn.sum() + 0.15 * free / free.sum()
        return target / target.max()

    def fixations(self) -> None:
        """None: nobody looked."""


def bumps(boxes: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Sum over `boxes` of Gaussian ellipses, clipped to [0, 1]; (h, w) `shape`."""
    height, width = shape
    y, x = (np.arange(height)[:, None] + 0.5) / height, (np.arange(width)[None, :] + 0.5) / width
    total = np.zeros(shape)
    for x0, y0, x1, y1 in boxes:
        deviations = max(x1 - x0, 1 / width) / SPREAD, max(y1 - y0, 1 / height) / SPREAD
        distance = ((x - (x0 + x1) / 2) / deviations[0]) ** 2 + ((y - (y0 + y1) / 2) / deviations[1]) ** 2
        total += np.exp(-distance / 2)
    return np.minimum(total, 1)


def pseudo_samples(
    entries: Iterable[Entry], free: dict[str, np.ndarray], pure: bool = True, captions: int = 1, parts: int = 2
) -> Iterator[PseudoSample]:
    """For each picture: the pure sample, `captions` whole captions and `parts` short sentences of one or two phrases;
    also, where a caption names something the picture lacks, a sentence of that alone.

    Args:
        entries: pictures with captions and boxes.
        free: density of free viewing by id.
        pure: whether to give the pure sample (not where the data set has it).
    """
    for entry in entries:
        generator = np.random.default_rng(zlib.crc32(entry.id.encode()))
        usable = [caption for caption in entry.captions if any(len(phrase.boxes) for phrase in caption.phrases)]
        if not usable:
            continue
        made = [(Condition.PURE, "", np.empty((0, 4)))] if pure else []
        told = [caption for caption in usable if caption.distinctive]
        for number in generator.permutation(len(told))[:captions]:
            caption = told[number]
            made.append((Condition.WHOLE, caption.text, np.concatenate([phrase.boxes for phrase in caption.phrases])))
        made += [(Condition.SALIENT, *_part(usable[generator.integers(len(usable))], generator)) for _ in range(parts)]
        missing = [(caption, phrase) for caption in usable for phrase in caption.phrases if not len(phrase.boxes)]
        for caption, phrase in missing[:1]:
            made.append((Condition.SALIENT, _sentence(caption, [phrase]), phrase.boxes))
        for number, (condition, sentence, boxes) in enumerate(made):
            stem = f"{entry.id}-{number}"
            yield PseudoSample(stem, entry.id, condition, sentence, entry.image_path, free[entry.id], boxes)


def _part(caption: Caption, generator: np.random.Generator) -> tuple[str, np.ndarray]:
    """One or two of the caption's phrases as a sentence, and their boxes."""
    phrases = [phrase for phrase in caption.phrases if len(phrase.boxes)]
    count = min(int(generator.integers(1, 3)), len(phrases))
    chosen = sorted(generator.permutation(len(phrases))[:count])
    phrases = [phrases[number] for number in chosen]
    return _sentence(caption, phrases), np.concatenate([phrase.boxes for phrase in phrases])


def _sentence(caption: Caption, phrases: Sequence[Phrase]) -> str:
    words = caption.text.split(" ")
    sentence = " and ".join(" ".join(words[phrase.start : phrase.end]) for phrase in phrases)
    return sentence[:1].upper() + sentence[1:]
