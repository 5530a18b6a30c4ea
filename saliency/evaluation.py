"""A model on a data set: predictions sample by sample, and their scores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from .data import Sample
from .metrics import FixationEvaluator
from .predictor import Predictor
from .results import Prediction


def predict_samples(predictor: Predictor, samples: Iterable[Sample], model: str) -> Iterator[tuple[Sample, Prediction]]:
    """Each sample with its prediction, under the sentence that was read before it.

    Args:
        samples: those of one picture one after another; they are predicted in one call.
        model: name of one of the predictor's models.
    """
    for _, group in groupby(samples, key=lambda sample: sample.picture):
        conditions = {sample.condition: sample for sample in group}
        picture = next(iter(conditions.values())).image_path
        sentences = {condition: sample.sentence for condition, sample in conditions.items()}
        comparison = predictor.predict(picture, sentences, models=[model])
        for condition, sample in conditions.items():
            yield sample, comparison.get(model, condition)


def evaluate_samples(predictions: Iterable[tuple[Sample, Prediction]], profile: str = "tuebingen") -> FixationEvaluator:
    """Scores of predictions, as `predict_samples` gives them, against where people looked.

    Args:
        profile: which definitions the metrics have, a name from `metrics.PROFILES`.
    """
    evaluator = FixationEvaluator(profile=profile)
    for sample, prediction in predictions:
        evaluator.add(
            sample.stem, sample.picture, sample.condition, prediction.density, sample.density(), sample.fixations()
        )
    return evaluator
