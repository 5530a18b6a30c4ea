"""First guesses of what is salient, to be corrected by people: pseudo-labels, and marked as such.

Where there are captions of people it is the substitute for COCO-SOD (the specification, section 7.6): the things that
at least two captions mention. Where there is only a picture, it is where a model expects gaze after the captioner's
sentence.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import yaml

from ..conditions import Condition
from ..predictor import Predictor
from .annotation_folder import AnnotationFolder
from .object_export import Annotated
from .segmentation import Segmentation

CAPTIONS = 2  # that have to mention a thing
SMALLEST, LARGEST = 0.01, 0.7  # share of the picture
TIMES_AVERAGE = 2  # of the map, from which on a segment is chosen: the adaptive threshold of Achanta et al. (CVPR 2009)


@dataclass(frozen=True)
class FirstGuess:
    """Segments to begin with.

    Attributes:
        segments: their numbers.
        source: what made the guess, for the audit.
    """

    segments: tuple[int, ...]
    source: str


def guess_from_captions(segmentation: Segmentation, captions: Sequence[str]) -> FirstGuess | None:
    """The things that at least `CAPTIONS` captions mention and that cover 1 to 70 % of the picture; else None."""
    names = {segment.name for segment in segmentation.segments if segment.thing}
    counted = Counter(name for caption in captions for name in mentioned(caption, names))
    found = tuple(
        number
        for number, segment in enumerate(segmentation.segments)
        if segment.thing and counted[segment.name] >= CAPTIONS and SMALLEST <= segmentation.shares[number] <= LARGEST
    )
    return FirstGuess(found, "captions") if found else None


def guess_from_map(segmentation: Segmentation, density: np.ndarray, source: str) -> FirstGuess | None:
    """The segments on which a map (H, W) is at least `TIMES_AVERAGE` its mean; None without one, or beyond 70 %."""
    inside = segmentation.labels >= 0
    sums = np.bincount(segmentation.labels[inside], density[inside], minlength=len(segmentation.segments))
    means = sums / np.maximum(segmentation.areas, 1)
    found = np.flatnonzero(means >= TIMES_AVERAGE * density.mean())
    if not len(found) or segmentation.shares[found].sum() > LARGEST:
        return None
    return FirstGuess(tuple(found.tolist()), source)


def guess_of_model(
    segmentation: Segmentation, pixels: np.ndarray, predictor: Predictor, model: str
) -> FirstGuess | None:
    """Where a model expects gaze after the captioner's sentence; the picture alone where there is no captioner.

    Args:
        pixels: the picture, (H, W, 3) uint8 RGB.
        model: of `predictor`.
    """
    reads = predictor.captioner is not None and predictor.cards[model].text_encoder
    sentence = predictor.caption(pixels).sentence if reads else ""
    condition = Condition.GENERAL if sentence else Condition.PURE
    [prediction] = predictor.predict(pixels, {condition: sentence}, models=[model]).predictions
    source = f"{model}: {sentence}" if sentence else model
    return guess_from_map(segmentation, prediction.density, source)


def guesses(folder: AnnotationFolder, model: str | None) -> Callable[[Annotated], FirstGuess | None]:
    """First guesses for a folder's pictures: of their captions, else of a model.

    Args:
        model: its name; None: of captions alone.

    Raises:
        CheckpointError, UnknownModelError: there is no such model.
    """
    predictor = Predictor([model]) if model else None

    def guess(picture: Annotated) -> FirstGuess | None:
        found = guess_from_captions(picture.segmentation, folder.captions(picture.stem))
        if found is None and predictor and model:
            pixels = folder.picture(picture.stem)
            return guess_of_model(picture.segmentation, pixels, predictor, model)
        return found

    return guess


def mentioned(caption: str, names: Collection[str]) -> set[str]:
    """Which of COCO's categories `names` a caption mentions, by their words; “hot dog” mentions no dog.

    Example:
        >>> sorted(mentioned("Two men watch a dog eat hot dogs.", ["person", "dog", "hot dog", "cat"]))
        ['dog', 'hot dog', 'person']
    """
    return {category for phrase in _pattern().findall(caption.lower()) if (category := _forms()[phrase]) in names}


@cache
def _forms() -> dict[str, str]:
    """Words and phrases of the categories, with their plurals, and the category of each."""
    words = yaml.safe_load(Path(__file__).with_name("coco_words.yaml").read_text(encoding="utf-8"))
    known = {name: [name, *phrases] for name, phrases in words.items()}
    return {form: name for name, phrases in known.items() for phrase in phrases for form in (phrase, f"{phrase}s")}


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(_forms(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})\b")
