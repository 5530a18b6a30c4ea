"""A model's maps for all sentences of the report, each picture encoded once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from tqdm import tqdm

from ..conditions import Condition
from ..data import Sample
from ..predictor import Predictor
from ..results import resized

# From a sample, whose sentence may be another than its own, to a map (H, W) of the picture's size.
Predict = Callable[[Sample], np.ndarray]

# Sentences unrelated to everyday photographs: abstract ones, and ones about things that are never in them.
UNRELATED: Mapping[str, tuple[str, ...]] = {
    "abstract": (
        "The theorem follows from the previous lemma by induction.",
        "Inflation slowed in the third quarter, contrary to expectations.",
        "A promise is worth as much as the trust behind it.",
        "The meaning of this verb depends on the grammar of its clause.",
    ),
    "absent things": (
        "A volcano on the floor of the ocean.",
        "Bacteria under an electron microscope.",
        "A distant galaxy behind a nebula.",
        "A nuclear submarine below the polar ice.",
    ),
}


def exchanged(samples: Iterable[Sample], seed: int = 0) -> dict[str, str]:
    """By stem, the sentence of another picture under the same condition, never the sample's own; pure ones have none.

    Raises:
        ValueError: the samples of a condition do not have sentences enough to exchange.
    """
    conditions: dict[Condition, list[Sample]] = {}
    for sample in samples:
        if sample.condition.reads_text:
            conditions.setdefault(sample.condition, []).append(sample)
    found: dict[str, str] = {}
    for condition, group in conditions.items():
        order = [group[number] for number in np.random.default_rng(seed).permutation(len(group))]
        for shift in range(1, len(order)):
            others = order[shift:] + order[:shift]
            if all(own.sentence != other.sentence for own, other in zip(order, others, strict=True)):
                found |= {own.stem: other.sentence for own, other in zip(order, others, strict=True)}
                break
        else:
            raise ValueError(f"the sentences of the condition {condition.value} cannot be exchanged")
    return found


def model_predictions(
    predictor: Predictor, model: str, samples: Sequence[Sample], others: Mapping[str, str]
) -> Predict:
    """The model's maps for the samples' sentences, their exchanged ones (`others`, by stem), `UNRELATED` and none."""
    further = ("", *(sentence for group in UNRELATED.values() for sentence in group))
    pictures: dict[str, list[Sample]] = {}
    for sample in samples:
        pictures.setdefault(sample.picture, []).append(sample)
    maps: dict[tuple[str, str], np.ndarray] = {}
    for picture, group in tqdm(pictures.items(), desc=model, unit=" pictures", mininterval=5):
        own = [sentence for sample in group for sentence in (sample.sentence, others.get(sample.stem, ""))]
        sentences = list(dict.fromkeys((*own, *further)))
        found = predictor.maps(group[0].image(), sentences, model)
        maps |= {(picture, sentence): map_ for sentence, map_ in zip(sentences, found, strict=True)}
    shapes = {picture: group[0].image().shape[:2] for picture, group in pictures.items()}
    return lambda sample: resized(maps[sample.picture, sample.sentence], shapes[sample.picture])


def under(sample: Sample, sentence: str) -> Sample:
    """The sample with another sentence."""
    return replace(sample, sentence=sentence)
