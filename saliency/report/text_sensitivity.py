"""Sensitivity of maps to text: another sentence, another picture's sentence, an unrelated sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..conditions import Condition
from ..data import Sample
from ..metrics import cc
from ..metrics.bootstrap import Interval, mean_interval, resamples
from .markdown import format_interval, markdown_table
from .predictions import UNRELATED, Predict, under
from .scores import ORDER, people

TEXTS = tuple(condition for condition in ORDER if condition.reads_text)


def sensitivity(predict: Predict, samples: Sequence[Sample]) -> Interval:
    """CC between the maps for the salient and the non-salient sentence of a picture; 1 if the sentence is ignored."""
    salient, other = (of_condition(samples, wanted) for wanted in (Condition.SALIENT, Condition.NON_SALIENT))
    values = {picture: cc(predict(salient[picture]), predict(other[picture])) for picture in salient.keys() & other}
    return over_pictures(values, samples)


def exchange(
    predict: Predict, samples: Sequence[Sample], others: Mapping[str, str]
) -> dict[Condition, tuple[Interval, Interval, Interval]]:
    """By condition CC with the density of gaze: with the right sentence, with another picture's, and their difference.

    Args:
        others: another picture's sentence by the sample's stem.
    """
    found = {}
    for condition in TEXTS:
        right, wrong = {}, {}
        for picture, sample in of_condition(samples, condition).items():
            right[picture] = cc(predict(sample), people(sample))
            wrong[picture] = cc(predict(under(sample, others[sample.stem])), people(sample))
        change = {picture: wrong[picture] - right[picture] for picture in right}
        found[condition] = (
            over_pictures(right, samples),
            over_pictures(wrong, samples),
            over_pictures(change, samples),
        )
    return found


def advantage(predict: Predict, blind: Predict, samples: Sequence[Sample]) -> dict[Condition, Interval]:
    """By condition, how much nearer a model's maps are than those of a `blind` one: the mean difference of CC."""
    found = {}
    for condition in ORDER:
        own = of_condition(samples, condition)
        values = {
            picture: cc(predict(sample), people(sample)) - cc(blind(sample), people(sample))
            for picture, sample in own.items()
        }
        found[condition] = over_pictures(values, samples)
    return found


def nearness_to_pure(predict: Predict, samples: Sequence[Sample], condition: Condition) -> Interval:
    """CC between the maps under `condition` and for no sentence."""
    pure = of_condition(samples, Condition.PURE)
    own = of_condition(samples, condition)
    return over_pictures({name: cc(predict(sample), predict(pure[name])) for name, sample in own.items()}, samples)


def return_to_pure(predict: Predict, samples: Sequence[Sample], sentences: Sequence[str]) -> Interval:
    """CC between the maps for `sentences`, on average, and for no sentence."""
    values = {}
    for picture, sample in of_condition(samples, Condition.PURE).items():
        pure = predict(sample)
        values[picture] = float(np.mean([cc(predict(under(sample, sentence)), pure) for sentence in sentences]))
    return over_pictures(values, samples)


def of_condition(samples: Sequence[Sample], condition: Condition) -> dict[str, Sample]:
    """The sample of each picture that has one under `condition`."""
    return {sample.picture: sample for sample in samples if sample.condition is condition}


def over_pictures(values: Mapping[str, float], samples: Sequence[Sample]) -> Interval:
    """Mean of a value per picture with its bootstrap interval over pictures."""
    pictures = list(dict.fromkeys(sample.picture for sample in samples))
    row = np.array([[values.get(picture, np.nan) for picture in pictures]])
    return mean_interval(row, resamples(len(pictures)))


def section(
    readers: Mapping[str, Predict],
    blind: Mapping[str, Predict],
    samples: Sequence[Sample],
    others: Mapping[str, str],
) -> str:
    """Markdown: the four tables on reading, with one or three rows per model.

    Args:
        readers: maps of the models that read sentences, by name.
        blind: those of text-blind models, with which the first table compares; without any it is left out.
        samples: of the validation pictures.
        others: another picture's sentence by the sample's stem.
    """
    worth = [
        "### What is reading worth?",
        "CC of a model that reads less that of the best that cannot and has learned from pure gaze alone, means of "
        "paired samples. Under *pure* there is nothing to read: what differs there is the picture half.",
        _advantage_table(readers, blind, samples),
    ]
    return "\n\n".join(
        [
            *(worth if blind else []),
            "### Does the map depend on the sentence?",
            "CC between the maps for the salient and the non-salient sentence of the same picture.",
            _sensitivity_table(readers, samples),
            "### With the sentence of another picture",
            "Every sample is given the sentence of another picture under the same condition. CC with where people "
            "looked after the right one; a model that reads must fall. Intervals of the change are of paired samples.",
            _exchange_table(readers, samples, others),
            "### With a sentence that has nothing to do with the picture",
            "CC of the map with the same model's map for no sentence, beside that for the pictures' own sentences; the "
            "map must come back towards pure. For people: with where they looked without a sentence. "
            + " ".join(f"*{kind.capitalize()}*: {' '.join(sentences)}" for kind, sentences in UNRELATED.items()),
            _pure_table(readers, samples),
        ]
    )


def _advantage_table(readers: Mapping[str, Predict], blind: Mapping[str, Predict], samples: Sequence[Sample]) -> str:
    rows = []
    for name, predict in readers.items():
        for other, unread in blind.items():
            measured = advantage(predict, unread, samples)
            rows.append((f"{name} less {other}", *(format_interval(measured[condition]) for condition in ORDER)))
    return markdown_table(("change of CC", *(condition.title for condition in ORDER)), rows)


def _sensitivity_table(readers: Mapping[str, Predict], samples: Sequence[Sample]) -> str:
    rows = [("people", format_interval(sensitivity(people, samples))), ("whoever ignores the sentence", "1")]
    rows += [(name, format_interval(sensitivity(predict, samples))) for name, predict in readers.items()]
    return markdown_table(("", "CC between salient and non-salient"), rows)


def _exchange_table(readers: Mapping[str, Predict], samples: Sequence[Sample], others: Mapping[str, str]) -> str:
    rows = []
    for name, predict in readers.items():
        measured = exchange(predict, samples, others)
        for number, label in enumerate(("right sentence", "another picture's", "change")):
            rows.append((f"{name}, {label}", *(format_interval(measured[condition][number]) for condition in TEXTS)))
    return markdown_table(("CC", *(condition.title for condition in TEXTS)), rows)


def _pure_table(readers: Mapping[str, Predict], samples: Sequence[Sample]) -> str:
    rows = []
    for name, predict in {"people": people, **readers}.items():
        unrelated = [
            "–" if predict is people else format_interval(return_to_pure(predict, samples, sentences))
            for sentences in UNRELATED.values()
        ]
        own = [format_interval(nearness_to_pure(predict, samples, condition)) for condition in TEXTS]
        rows.append((name, *unrelated, *own))
    return markdown_table(("CC with pure", *UNRELATED, *(condition.title for condition in TEXTS)), rows)
