"""Word by word: where each word points, as the model itself says, and what the map loses without it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .errors import TextError
from .imaging import Source, open_picture
from .messages import Message
from .models.text import MAX_CHARACTERS, Word, split_words
from .results import Shape, WordMap, resized

if TYPE_CHECKING:
    from .predictor import Predictor


def clean(sentence: str) -> str:
    """A sentence as it is predicted for: white space is one space, control and damaged characters are left out.

    Raises:
        TextError: it is no text, or longer than `MAX_CHARACTERS`.
    """
    if not isinstance(sentence, str):
        raise TextError("A sentence must be text.")
    if len(sentence) > MAX_CHARACTERS:
        raise TextError(
            "The sentence has {count:,} characters; at most {most:,} are read.",
            count=len(sentence),
            most=MAX_CHARACTERS,
        )
    kept = (c for c in sentence if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join("".join(kept).split())


def merge(words: Sequence[Word], maps: np.ndarray, weights: np.ndarray, shape: Shape) -> tuple[WordMap, ...]:
    """A model's token maps as word maps: of a word's tokens the maximum at each place, and the sum of the weights.

    Args:
        words: of the sentence, with the tokens of each; special tokens belong to no word and so drop out.
        maps: (L, h, w) in [0, 1], where each token points.
        weights: (L,) how much each token counts.
        shape: (H, W) of the picture.
    """
    return tuple(
        WordMap(
            word=word.text,
            start=word.start,
            end=word.end,
            weight=float(weights[list(word.tokens)].sum()),
            read=bool(word.tokens),
            working_map=maps[list(word.tokens)].max(axis=0).astype(np.float32) if word.tokens else None,
            shape=shape,
            known=word.known,
        )
        for word in words
    )


@dataclass(frozen=True, eq=False)
class Influence:
    """What a word changes: the prediction with the whole sentence against the one without this word.

    Attributes:
        word: as written, ``sentence[start:end]``.
        start, end: characters of the sentence.
        read: whether the model reads the word; false beyond its text encoder's limit, and for text-blind models.
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
        """(H, W) float32 in [-1, 1]: `change` at the picture's size over its largest magnitude; not kept.

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
    """What each word of `sentence` changes in the map of `model`: the causal twin of the model's own word maps.

    The sentence and its copies with one word left out are decoded together; the picture is encoded once, or not at all
    where it was predicted before. A word that is not read changes nothing, and no copy is decoded for it.

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
