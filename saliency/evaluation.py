"""A model on a data set: predictions sample by sample, and their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from .conditions import Condition
from .data import Sample
from .errors import DatasetError, MetricError, PictureError, TextError
from .metrics import FixationEvaluator
from .metrics.inputs import Points, as_fixations, pool_fixations
from .predictor import Predictor
from .results import Prediction


def predict_samples(predictor: Predictor, samples: Iterable[Sample], model: str) -> Iterator[tuple[Sample, Prediction]]:
    """Each sample with its prediction, under the sentence that was read before it.

    Args:
        samples: those of one picture one after another; they are predicted in one call.
        model: name of one of the predictor's models.

    Raises:
        DatasetError: a sample's picture or sentence cannot be used; the sentence names the sample.
        UnknownModelError: as `Predictor.predict`.
    """
    for _, group in groupby(samples, key=lambda sample: sample.picture):
        conditions = {sample.condition: sample for sample in group}
        first = next(iter(conditions.values()))
        sentences = {condition: sample.sentence for condition, sample in conditions.items()}
        try:
            comparison = predictor.predict(first.image_path, sentences, models=[model])
        except (PictureError, TextError) as error:
            raise DatasetError(
                "Sample “{stem}” cannot be predicted. {why}", stem=first.stem, why=error.message
            ) from error
        for condition, sample in conditions.items():
            yield sample, comparison.get(model, condition)


class FixationPool:
    """Where people looked in a data set, for shuffled AUC: known before anything is predicted.

    A condition's fixations are read when they are first asked for, and kept.

    Args:
        samples: of the data set.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._samples = samples
        self._read: dict[Condition, list[tuple[str, Points, tuple[int, int]]]] = {}

    def others(self, sample: Sample, shape: tuple[int, int]) -> Points:
        """Fixations on all other pictures under the condition of `sample`, moved to `shape` (H, W); (M, 2).

        As in `FixationEvaluator`, the same picture under another condition is left out, too.

        Raises:
            DatasetError: the fixations of a sample, which is named, cannot be read or lie outside of its picture.
        """
        if sample.condition not in self._read:
            members = [member for member in self._samples if member.condition is sample.condition]
            self._read[sample.condition] = [entry for member in members if (entry := _fixated(member))]
        others = (entry for entry in self._read[sample.condition] if entry[0] != sample.picture)
        return pool_fixations([(points, size) for _, points, size in others], shape)


def _fixated(sample: Sample) -> tuple[str, Points, tuple[int, int]] | None:
    size = sample.shape()
    points = _points(sample, size)
    return None if points is None else (sample.picture, points, size)


def _points(sample: Sample, size: tuple[int, int]) -> Points | None:
    """The fixations of a sample whose picture is of `size` (H, W); `DatasetError` names it where they lie outside."""
    points = sample.fixations()
    try:
        return None if points is None else as_fixations(points, size)
    except MetricError as error:
        raise DatasetError(
            "The fixations of sample “{stem}” do not fit its picture: {why}.", stem=sample.stem, why=error.message
        ) from error


def evaluate_samples(predictions: Iterable[tuple[Sample, Prediction]], profile: str = "tuebingen") -> FixationEvaluator:
    """Scores of predictions, as `predict_samples` gives them, against where people looked.

    Args:
        profile: which definitions the metrics have, a name from `metrics.PROFILES`.

    Raises:
        DatasetError: as `FixationPool.others`.
    """
    evaluator = FixationEvaluator(profile=profile)
    for sample, prediction in predictions:
        density, size = prediction.density, prediction.density.shape
        evaluator.add(sample.stem, sample.picture, sample.condition, density, sample.density(), _points(sample, size))
    return evaluator
