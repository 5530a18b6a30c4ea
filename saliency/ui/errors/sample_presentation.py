"""One sample of an error analysis as the JSON that the browser draws: the truth, every model's answer, its words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from saliency.analysis import Analysis
from saliency.data import Sample
from saliency.errors import DatasetError
from saliency.messages import Message
from saliency.results import Comparison, Prediction, WordMap, resized
from saliency.ui.shared.presentation import MAP_SIDE, PICTURE_SIDE, packed, packed_density, picture_view
from saliency.ui.shared.sentences import translated
from saliency.words import clean


def present_sample(study: Analysis, stem: str) -> dict[str, Any]:
    """A sample under its own sentence. Maps are in multiples of their average; positions are shares of the sides.

    Raises:
        DatasetError: no sample is called so.
    """
    sample = find(study, stem)
    comparison, missing = study.answers(sample, words=True)
    shape = comparison.reduced(MAP_SIDE).picture.shape[:2]
    return {
        "task": study.task,
        "stem": sample.stem,
        "condition": sample.condition.value,
        "sentence": clean(sample.sentence),  # as it was read: words are parts of it
        "picture": picture_view(comparison.reduced(PICTURE_SIDE).picture),
        "truth": _truth(study, sample, shape),
        "fixations": _fixations(sample, comparison.picture.shape[:2]),
        "metrics": list(study.metrics),
        "models": [_model(study, prediction, sample, shape) for prediction in comparison.predictions],
        "notices": [translated(notice) for notice in notices_on(sample, comparison, missing)],
    }


def find(study: Analysis, stem: str) -> Sample:
    """The sample of this name; `DatasetError` where there is none."""
    if stem not in study.samples:
        raise DatasetError("There is no such sample in this data set.")
    return study.samples[stem]


def notices_on(sample: Sample, comparison: Comparison, missing: Sequence[Message]) -> list[Message]:
    """On the sample's files, on its maps, and on maps that there are not; with the models where it is not all."""
    models: dict[Message, list[str]] = {}
    for prediction in comparison.predictions:
        for notice in (notice for notice in prediction.notices if notice not in comparison.notices):
            models.setdefault(notice, []).append(prediction.title)
    of_maps = [
        notice
        if len(titles) == len(comparison.predictions)
        else Message("{name}: {why}", name=", ".join(titles), why=notice)
        for notice, titles in models.items()
    ]
    return [*dict.fromkeys((*sample.notices(), *comparison.notices)), *of_maps, *missing]


def _model(study: Analysis, prediction: Prediction, sample: Sample, shape: tuple[int, int]) -> dict[str, Any]:
    scores = study.score(sample, prediction).values
    return {
        "name": prediction.model,
        "title": prediction.title,
        "map": packed_density(resized(prediction.density, shape)),
        "scores": {name: round(value, 4) if math.isfinite(value) else None for name, value in scores.items()},
        "words": [_word(word, shape) for word in prediction.words],
    }


def _word(word: WordMap, shape: tuple[int, int]) -> dict[str, Any]:
    points = None if word.working_map is None else packed(resized(word.working_map, shape))
    return {"word": word.word, "start": word.start, "end": word.end, "weight": round(word.weight, 4), "map": points}


def _truth(study: Analysis, sample: Sample, shape: tuple[int, int]) -> dict[str, Any] | None:
    truth = study.truth(sample)
    return None if truth is None or not truth.any() else packed_density(resized(truth, shape))


def _fixations(sample: Sample, shape: tuple[int, int]) -> list[list[float]] | None:
    points = sample.fixations()
    return None if points is None else ((points + 0.5) / shape)[:, ::-1].round(4).tolist()
