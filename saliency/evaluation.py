"""Sources of maps for the samples of a data set, and fixations on other pictures for shuffled AUC."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Protocol

from . import __version__
from .conditions import Condition
from .data import Sample
from .errors import DatasetError, GroundTruthError, MetricError, PictureError, SaliencyError, TextError
from .messages import Message
from .metrics.inputs import Points, as_fixations
from .metrics.pools import Fixated, Pool
from .metrics.profiles import Profile, get_profile
from .predictor import Predictor
from .results import Prediction

# What is wrong with one sample: it is left out, and the others are scored. Any other error ends an evaluation.
OF_A_SAMPLE = (DatasetError, GroundTruthError, MetricError, PictureError, TextError)

_OF_A_CARD = {"model", "preset", "config", "text_encoder", "preprocessing", "sha256"}  # what decides a map

Answer = Prediction | SaliencyError


class MapSource(Protocol):
    """A source of maps of samples: a model, or a folder of maps that another program wrote."""

    @property
    def name(self) -> str:
        """The name, unique in an analysis."""
        ...

    @property
    def title(self) -> str:
        """The name in tables and figures."""
        ...

    @property
    def sha256(self) -> str | None:
        """Of a model's weights; None where there are none."""
        ...

    @property
    def identity(self) -> Any:
        """What decides the maps, ready for JSON: scores of one identity are never taken for those of another."""
        ...

    def answers(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, Answer]]:
        """Each sample with its prediction, or with its error, one of `OF_A_SAMPLE`."""
        ...


@dataclass(frozen=True)
class PredictorModel:
    """A predictor's model as a `MapSource`.

    Args:
        name: one of the predictor's models.
    """

    predictor: Predictor
    name: str

    @property
    def title(self) -> str:
        """As `MapSource.title`."""
        return self.predictor.titles[self.name]

    @property
    def sha256(self) -> str | None:
        """As `MapSource.sha256`."""
        return self.predictor.cards[self.name].sha256

    @property
    def identity(self) -> Any:
        """The parts of the card that decide a map, the number format and the version of this package."""
        card = self.predictor.cards[self.name].model_dump(mode="json", include=_OF_A_CARD)
        # Two models may share their weights, and one set of weights give other maps in another precision.
        return [card, str(self.predictor.dtype), __version__]

    def answers(self, samples: Iterable[Sample]) -> Iterator[tuple[Sample, Answer]]:
        """As `MapSource.answers`. Samples of one picture that follow each other are predicted in one call."""
        for _, group in groupby(samples, key=lambda sample: sample.picture):
            for batch in _batches(group):
                yield from self._together(batch)

    def _together(self, samples: Sequence[Sample]) -> Iterator[tuple[Sample, Answer]]:
        """Samples of one picture, each of another condition; where they fail together, each is predicted alone."""
        sentences = {sample.condition: sample.sentence for sample in samples}
        try:
            loaded = samples[0].loaded()
            comparison = self.predictor.predict(loaded.pixels, sentences, models=[self.name])
        except OF_A_SAMPLE as error:
            if len(samples) == 1:
                yield samples[0], error
                return
            for sample in samples:
                yield from self._together([sample])
            return
        of_picture = tuple(dict.fromkeys((*loaded.notices, *comparison.notices)))
        for sample in samples:
            prediction = comparison.get(self.name, sample.condition)
            yield sample, replace(prediction, notices=(*of_picture, *prediction.notices))


def _batches(samples: Iterable[Sample]) -> Iterator[list[Sample]]:
    """Runs of samples of which no two have one condition."""
    batch: dict[Condition, Sample] = {}
    for sample in samples:
        if sample.condition in batch:
            yield list(batch.values())
            batch = {}
        batch[sample.condition] = sample
    yield list(batch.values())


def predict_samples(predictor: Predictor, samples: Iterable[Sample], model: str) -> Iterator[tuple[Sample, Prediction]]:
    """Each sample with its prediction, under the sentence that was read before it.

    Args:
        samples: those of one picture one after another; they are predicted in one call.
        model: name of one of the predictor's models.

    Raises:
        DatasetError: a sample's picture or sentence cannot be used; the sentence names the sample.
        UnknownModelError: as `Predictor.predict`.
    """
    for sample, answer in PredictorModel(predictor, model).answers(samples):
        if isinstance(answer, SaliencyError):
            raise DatasetError(
                "Sample “{stem}” cannot be predicted. {why}", stem=sample.stem, why=answer.message
            ) from answer
        yield sample, answer


class FixationPool:
    """The fixations of a data set, for shuffled AUC: known before anything is predicted.

    A condition's fixations are read once, when they are first asked for. Samples whose picture or fixations cannot
    be read are in no pool.

    Args:
        samples: of the data set.
        profile: how many other pictures there are to compare with.
    """

    def __init__(self, samples: Sequence[Sample], profile: Profile | None = None) -> None:
        self.profile = profile or get_profile("tuebingen")
        self._samples = samples
        self._read: dict[Condition, Pool] = {}

    def others(self, sample: Sample, shape: tuple[int, int]) -> Points:
        """Fixations on other pictures under the condition of `sample`, moved to `shape` (H, W); (M, 2).

        As in `FixationEvaluator`, the same picture under another condition is left out, too.
        """
        return self._of(sample.condition).others(sample.stem, sample.picture, shape)

    def record(self) -> dict[str, dict[str, Any]]:
        """As `FixationEvaluator.pools`."""
        conditions = dict.fromkeys(sample.condition for sample in self._samples)
        return {condition.value: self._of(condition).record() for condition in conditions}

    def _of(self, condition: Condition) -> Pool:
        if condition not in self._read:
            members = [sample for sample in self._samples if sample.condition is condition]
            rows = [row for member in members if (row := _fixated(member))]
            self._read[condition] = Pool(rows, self.profile.other_pictures)
        return self._read[condition]


def _fixated(sample: Sample) -> Fixated | None:
    """None where the sample has no fixations, or they cannot be read: then the sample itself is left out."""
    try:
        size = sample.shape()
        points = points_of(sample, size)
    except OF_A_SAMPLE:
        return None
    return None if points is None else Fixated(sample.stem, sample.picture, size, points)


def points_of(sample: Sample, size: tuple[int, int]) -> Points | None:
    """The fixations of a sample whose picture is of `size` (H, W), (N, 2); None where it has none.

    Raises:
        DatasetError: they cannot be read, or lie outside of the picture; the sentence names the sample.
    """
    points = sample.fixations()
    try:
        return None if points is None else as_fixations(points, size)
    except MetricError as error:
        raise DatasetError(
            "The fixations of sample “{stem}” do not fit its picture: {why}.", stem=sample.stem, why=error.message
        ) from error


def notices_of(sample: Sample, prediction: Prediction) -> tuple[Message, ...]:
    """Notices on what was inferred, converted or left unread to predict and to score a sample."""
    return tuple(dict.fromkeys((*sample.notices(), *prediction.notices)))
