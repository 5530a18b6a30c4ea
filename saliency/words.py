"""The influence of single words: how the map changes without each word of a sentence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .cleaning import MAX_CHARACTERS, clean
from .imaging import Source, open_picture
from .messages import Message
from .models.text import Word, split_words
from .predictor import Predictor
from .results import Shape, resized

__all__ = ["MAX_CHARACTERS", "Influence", "clean", "influence"]


@dataclass(frozen=True, eq=False)
class Influence:
    """The effect of a word: the prediction with the whole sentence against the one without this word.

    Attributes:
        word: as written, ``sentence[start:end]``.
        start, end: characters of the sentence.
        read: false beyond the text encoder's limit, and for text-blind models.
        known: false where a part of the word is not in the vocabulary of the model's text encoder.
        strength: in [0, 1], the share of gaze that goes elsewhere without the word (total variation distance).
        change: (h, w) float32 that sums to 0: density with the word minus density without, at working resolution.
        shape: (H, W) of the picture.
    """

    word: str
    start: int
    end: int
    read: bool
    strength: float
    change: np.ndarray
    shape: Shape
    known: bool = True

    @property
    def map(self) -> np.ndarray:
        """(H, W) float32 in [-1, 1]: `change` at the picture's size over its largest magnitude.

        Positive where the word draws gaze to, negative where it draws gaze from.
        """
        change = resized(self.change, self.shape)
        top = np.abs(change).max()
        return change / top if top > 0 else change


def influence(
    predictor: Predictor,
    picture: Source,
    sentence: str,
    model: str,
    *,
    progress: Callable[[float, Message], None] | None = None,
) -> tuple[Influence, ...]:
    """The effect of each word of `sentence` on the map of `model`, the causal counterpart of its word maps.

    The sentence and its copies with one word left out are decoded together; the picture is encoded once, or not at all
    if it is cached. A word beyond the limit has no effect, and no copy is decoded for it.

    Args:
        progress: as for `Predictor.predict`.

    Raises:
        SaliencyError: as `Predictor.predict`.
    """
    picture = open_picture(picture)
    sentence = clean(sentence)
    words = predictor.words(sentence, model)
    read = {(word.start, word.end): word for word in words if word.tokens}
    # Without the words beyond the limit: one of them would take the place of the word left out.
    within = sentence[: min((word.start for word in words if not word.tokens), default=len(sentence))]
    spans = split_words(sentence)
    variants = {(start, end): clean(within[:start] + within[end:]) for start, end in spans if (start, end) in read}
    maps = predictor.maps(picture, [sentence, *variants.values()], model, progress=progress)
    densities = maps / np.maximum(maps.sum(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)
    changes = dict(zip(variants, densities[0] - densities[1:], strict=True))
    nothing = np.zeros_like(densities[0])
    shape = picture.pixels.shape[:2]
    return tuple(_influence(sentence, span, read.get(span), changes.get(span, nothing), shape) for span in spans)


def _influence(sentence: str, span: tuple[int, int], read: Word | None, change: np.ndarray, shape: Shape) -> Influence:
    start, end = span
    strength = float(np.abs(change).sum() / 2)
    known = read is None or read.known
    return Influence(sentence[start:end], start, end, read is not None, strength, change, shape, known)
