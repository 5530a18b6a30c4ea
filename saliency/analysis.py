"""Error analysis: scores of several models on every sample of a data set, computed once and stored on disk."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

import numpy as np
import pandas as pd

from .data import Sample
from .data.layouts import DataSet, open_data_set
from .errors import DatasetError, SaliencyError, UnknownModelError
from .evaluation import OF_A_SAMPLE, Answer, FixationPool, MapSource, PredictorModel, notices_of, points_of
from .external_maps import ExternalMaps
from .messages import Message
from .metrics import evaluate_fixation, get_profile
from .metrics.evaluator import table_of_means
from .metrics.pools import seed_of
from .predictor import Predictor
from .results import Comparison, Prediction
from .runtime import processes
from .score_store import Scored, ScoreStore, fingerprint
from .settings import cache_folder

# Those that need no prediction but the sample's own, and of other pictures only where people looked: an interrupted
# evaluation has final scores of every sample it reached.
METRICS = get_profile("tuebingen").default


@dataclass(frozen=True)
class Progress:
    """The progress of an evaluation.

    Attributes:
        model: name of the model being scored.
        done, total: samples by one model, scored or left out, those stored before included.
    """

    model: str
    done: int
    total: int


@dataclass(frozen=True)
class LeftOut:
    """A sample that could not be scored.

    Attributes:
        why: a sentence.
        models: names of those whose map could not be scored.
    """

    stem: str
    why: Message
    models: tuple[str, ...]


class DescribedData(Protocol):
    """What an analysis says of its data set."""

    @property
    def name(self) -> str:
        """Of its folder."""

    @property
    def split(self) -> str | None:
        """The part of it that is meant; None is everything."""

    @property
    def notices(self) -> tuple[Message, ...]:
        """Sentences on what is not used."""


class Analysis(ABC):
    """The scores of models, and of maps that other programs wrote, on one data set.

    Scores are stored per data set and checkpoint, in a file named by the content of both (of a checkpoint, by its
    sha256): after an interruption, or in another process, only what is missing is computed. A sample whose picture, map
    or ground truth cannot be read is left out, and tried again in the next run.

    Args:
        predictor: its models are those that can be scored, models of objects only against masks; None where there are
            only `maps`.
        data: what they are scored on.
        samples: of the data set.
        state: names the content of the data set, see `score_store.fingerprint`.
        folder: for the files; default `cache_folder`.
        maps: scored like one model more each.

    Attributes:
        task: what maps are compared with, ``gaze`` or ``objects``.
        metrics: names; those of `lower` are better where they are less.
        definitions: names how the metrics are defined: scores of other definitions are never taken for these.

    Raises:
        DatasetError: two of the models have one name.
    """

    task: str
    metrics: tuple[str, ...]
    lower: frozenset[str]
    definitions: str

    def __init__(
        self,
        predictor: Predictor | None,
        data: DescribedData,
        samples: Sequence[Sample],
        state: str,
        folder: Path | None,
        maps: Sequence[ExternalMaps],
    ) -> None:
        self.predictor = predictor
        self.data = data
        self.samples: Mapping[str, Sample] = MappingProxyType({sample.stem: sample for sample in samples})
        # Masks of objects are no gaze; how well gaze finds objects is a question of its own.
        fitting = {} if predictor is None else predictor.specs
        names = [name for name, spec in fitting.items() if spec.task in ("gaze", self.task)]
        models = [PredictorModel(predictor, name) for name in names] if predictor else []
        self.sources = by_name([*models, *maps])
        self._maps = tuple(maps)
        self._folder = (cache_folder() if folder is None else folder) / "scores" / state
        self._left_out: dict[str, dict[str, Message]] = {}

    @abstractmethod
    def score(self, sample: Sample, prediction: Prediction) -> Scored:
        """The scores of a map of a sample, by `metrics`; NaN where the sample lacks what one takes.

        Raises:
            DatasetError, GroundTruthError, MetricError: the map or the ground truth cannot be read or do not fit.
        """

    @abstractmethod
    def truth(self, sample: Sample) -> np.ndarray | None:
        """The ground truth of a sample as a map to be drawn, (H, W) >= 0; None where there is none."""

    @property
    def titles(self) -> Mapping[str, str]:
        """The name for people of each model."""
        return {name: source.title for name, source in self.sources.items()}

    def run(self, models: Sequence[str] | None = None, shared: bool = False) -> Iterator[Progress]:
        """Scores what is not stored yet, and yields the progress after every sample. To cancel, stop iterating.

        Args:
            models: names from `sources`; default all.
            shared: whether the processes of a group share the pictures, each of which then calls this. The main one has
                all scores at the end, and its stored scores decide what is missing.

        Raises:
            OutputError: the scores cannot be written.
            UnknownModelError: a name that there is not, or none.
        """
        models = tuple(self.sources) if models is None else tuple(models)
        if not models or any(name not in self.sources for name in models):
            raise UnknownModelError("Please choose among these models: {known}.", known=", ".join(self.sources))
        stored = {name: self._store(name).read() for name in models}
        done, total = sum(map(len, stored.values())), len(models) * len(self.samples)
        if shared:  # one process may have begun to score when another reads
            stored = processes.from_all(stored)[0]
        for name in models:
            yield Progress(name, done, total)
            left_out = self._left_out[name] = {}
            missing = [sample for stem, sample in self.samples.items() if stem not in stored[name]]
            for sample, answer in self._answered(name, missing, shared):
                scored = self._scored(sample, answer)
                if isinstance(scored, SaliencyError):
                    left_out[sample.stem] = scored.message
                else:
                    self._store(name).append(sample.stem, scored)
                done += 1
                yield Progress(name, done, total)
            if shared:
                self._exchange(name)

    def _answered(self, name: str, samples: Sequence[Sample], shared: bool) -> Iterator[tuple[Sample, Answer]]:
        """The answers of a source, of this process's share of the pictures where they are shared."""
        if not shared:
            yield from self.sources[name].answers(samples)
            return
        pictures = [list(group) for _, group in groupby(samples, key=lambda sample: sample.picture)]
        for group in processes.own(pictures):  # one after another, so that the same samples are predicted in one call
            yield from self.sources[name].answers(group)

    def _exchange(self, name: str) -> None:
        """Give the main process, whose disk may be another, what the others scored and left out."""
        found = processes.from_all((self._store(name).read(), self._left_out[name]))
        if not processes.is_main():
            return
        known = set(found[0][0])
        for scored, left_out in found[1:]:
            self._left_out[name] |= left_out
            for stem, one in scored.items():
                if stem in self.samples and stem not in known:
                    self._store(name).append(stem, one)
                    known.add(stem)

    def scored(self) -> Mapping[str, Mapping[str, Scored]]:
        """Everything scored until now: by model, in their order, and by stem, in that of the data set."""
        return {name: self.scored_by(name) for name in self.sources}

    def scored_by(self, model: str) -> Mapping[str, Scored]:
        """Everything scored until now of one model, by stem, in the order of the data set."""
        found = self._store(model).read()
        return {stem: found[stem] for stem in self.samples if stem in found}

    def table(self) -> pd.DataFrame:
        """Everything scored until now, one row per sample and model, in the order of the models and of the data set.

        Columns: stem, picture, condition, sentence, model, height, width, fixations (their number; 0 of objects), and
        `metrics`, NaN where one is undefined for a sample.
        """
        rows = []
        for name, found in self.scored().items():
            for stem, scored in found.items():
                sample = self.samples[stem]
                identity = (stem, sample.picture, sample.condition.value, sample.sentence, name)
                rows.append((*identity, *scored.shape, scored.fixations, *scored.values.values()))
        named = ["stem", "picture", "condition", "sentence", "model"]
        return pd.DataFrame(rows, columns=[*named, "height", "width", "fixations", *self.metrics])

    def left_out(self) -> tuple[LeftOut, ...]:
        """The samples that the last run of each model left out, in the order of the data set."""
        return left_out_of(self._left_out, self.samples)

    def notices(self) -> tuple[Message, ...]:
        """Notices on the data set and the maps, before anything is scored."""
        return (*self.data.notices, *(notice for maps in self._maps for notice in maps.notices))

    def sample_notices(self) -> tuple[Message, ...]:
        """Notices on the samples scored until now, one sentence per kind of notice.

        It names the models where not all have such a notice.
        """
        scored = {name: found for name, found in self.scored().items() if found}
        by_template: dict[str, dict[str, Message]] = {}
        models: dict[str, dict[str, None]] = {}
        for name, found in scored.items():
            for stem, notice in ((stem, notice) for stem, entry in found.items() for notice in entry.notices):
                by_template.setdefault(notice.template, {}).setdefault(stem, notice)
                models.setdefault(notice.template, {})[self.titles[name]] = None
        return tuple(
            sentence
            if len(models[template]) == len(scored)
            else Message("{name}: {why}", name=", ".join(models[template]), why=sentence)
            for template, sentence in ((template, _of_samples(found)) for template, found in by_template.items())
        )

    def answers(self, sample: Sample, words: bool = False) -> tuple[Comparison, tuple[Message, ...]]:
        """The predictions of every model for a sample, and sentences on models without one.

        Args:
            words: also where each word points, for models that say.

        Raises:
            DatasetError, PictureError, TextError: the sample's picture or sentence cannot be used.
        """
        picture = sample.loaded()
        comparison = Comparison(picture.pixels, (), {})
        if self.predictor is not None:
            comparison = self.predictor.predict(picture.pixels, {sample.condition: sample.sentence}, words=words)
        predictions, missing = list(comparison.predictions), []
        for maps in self._maps:
            for _, answer in maps.answers([sample]):
                if isinstance(answer, SaliencyError):
                    missing.append(Message("{name}: {why}", name=maps.title, why=answer.message))
                else:
                    predictions.append(answer)
        notices = tuple(dict.fromkeys((*picture.notices, *comparison.notices)))
        return replace(comparison, predictions=tuple(predictions), notices=notices), tuple(missing)

    def _scored(self, sample: Sample, answer: Answer) -> Scored | SaliencyError:
        if isinstance(answer, SaliencyError):
            return answer
        try:
            return replace(self.score(sample, answer), notices=notices_of(sample, answer))
        except OF_A_SAMPLE as error:
            return error

    def _store(self, model: str) -> ScoreStore:
        return ScoreStore(self._folder, self.sources[model].identity, self.definitions, self.metrics)


class ErrorAnalysis(Analysis):
    """An `Analysis` against where people looked.

    Args:
        predictor, folder, maps: as for `Analysis`.
        data: a data set of gaze.
        profile: which definitions the metrics have, a name from `metrics.PROFILES`; its default metrics are computed.

    Raises:
        DatasetError: two of the models have one name.
    """

    task = "gaze"

    def __init__(
        self,
        predictor: Predictor | None,
        data: DataSet,
        folder: Path | None = None,
        *,
        maps: Sequence[ExternalMaps] = (),
        profile: str = "tuebingen",
    ) -> None:
        super().__init__(predictor, data, data.samples, fingerprint(data.samples), folder, maps)
        self.pool = FixationPool(data.samples, get_profile(profile))
        self.metrics = self.pool.profile.default
        self.lower = frozenset(name for name in self.metrics if self.pool.profile.metrics[name].lower_is_better)
        self.definitions = self.pool.profile.name

    def score(self, sample: Sample, prediction: Prediction) -> Scored:
        """As `Analysis.score`."""
        return score(prediction.density, sample, self.pool)

    def truth(self, sample: Sample) -> np.ndarray | None:
        """As `Analysis.truth`: the density."""
        return sample.density()


def left_out_of(whys: Mapping[str, Mapping[str, Message]], stems: Iterable[str]) -> tuple[LeftOut, ...]:
    """Samples left out, in the order of `stems`, by model and stem why; one that several models share is one entry."""
    models: dict[tuple[str, Message], list[str]] = {}
    for name, found in whys.items():
        for stem, why in found.items():
            models.setdefault((stem, why), []).append(name)
    order = {stem: number for number, stem in enumerate(stems)}
    entries = (LeftOut(stem, why, tuple(names)) for (stem, why), names in models.items())
    return tuple(sorted(entries, key=lambda entry: order[entry.stem]))


def by_name(sources: Sequence[MapSource]) -> Mapping[str, MapSource]:
    """The sources by their names.

    Raises:
        DatasetError: two have one name.
    """
    found: dict[str, MapSource] = {}
    for source in sources:
        if source.name in found:
            raise DatasetError("Two models are called “{name}”; please give the maps another name.", name=source.name)
        found[source.name] = source
    return MappingProxyType(found)


def _of_samples(notices: Mapping[str, Message]) -> Message:
    """Notices of one kind, by stem, as one: how many there are, the first stems, the first notice."""
    stems, notice = list(notices), next(iter(notices.values()))
    if len(stems) == 1:
        return Message("Sample “{stem}”: {notice}", stem=stems[0], notice=notice)
    shown = ", ".join(stems[:3]) + (", …" if len(stems) > 3 else "")
    return Message("{count:,} samples ({stems}): {notice}", count=len(stems), stems=shown, notice=notice)


def score(density: np.ndarray, sample: Sample, pool: FixationPool) -> Scored:
    """The default metrics of the pool's profile, of a density (H, W) against where people looked.

    A metric is NaN where the sample lacks what it takes.

    Args:
        pool: of the sample's data set, which gives shuffled AUC the fixations on other pictures.

    Raises:
        DatasetError, GroundTruthError, MetricError: the map or the fixations cannot be read or do not fit the picture.
    """
    fixations = points_of(sample, density.shape)
    scores = evaluate_fixation(
        density,
        sample.density(),
        fixations,
        pool.others(sample, density.shape),
        profile=pool.profile.name,
        seed=seed_of(sample.stem),
    )
    values = {metric: scores.get(metric, math.nan) for metric in pool.profile.default}
    return Scored(values, density.shape, 0 if fixations is None else len(fixations))


def means(table: pd.DataFrame, metrics: Sequence[str] = METRICS) -> pd.DataFrame:
    """`metrics.evaluator.table_of_means` of each model of a table, columns model, condition, metric, mean, low, ..."""
    parts = [
        table_of_means(rows, metrics).reset_index().assign(model=model)
        for model, rows in table.groupby("model", sort=False)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["model", "condition", "metric"])


def differences(table: pd.DataFrame, first: str, second: str, metrics: Sequence[str] = METRICS) -> pd.DataFrame:
    """Paired differences of two models: `table_of_means` of the scores of `first` minus those of `second`.

    The two models are paired by sample: only samples that a metric has a value of for both count. For the interval
    pictures are drawn, and both models' scores of a picture stay together.

    Args:
        table: of an `ErrorAnalysis`.
        first, second: names of models.

    Returns:
        Columns condition, metric, mean, low, high, n (samples that count), skipped; empty where no sample has both.
    """
    scores = {name: table[table["model"] == name].set_index("stem") for name in (first, second)}
    shared = scores[first].index.intersection(scores[second].index, sort=False)
    rows = scores[first].loc[shared, ["picture", "condition"]]
    for metric in metrics:
        rows[metric] = scores[first].loc[shared, metric] - scores[second].loc[shared, metric]
    return table_of_means(rows, metrics).reset_index()


def evaluate(
    folder: Path | str,
    models: Sequence[str] | Predictor | None = None,
    *,
    maps: Mapping[str, Path | str] = MappingProxyType({}),
    split: str | None = None,
    profile: str = "tuebingen",
) -> pd.DataFrame:
    """Scores of models, and of maps that other programs wrote, on a data set of gaze; as ``saliency evaluate``.

    Samples that cannot be read are left out: `ErrorAnalysis` names them, and has the scores of each sample. Scores are
    cached on disk, so that a second call predicts nothing.

    Args:
        folder: of the data set; its layout is recognised.
        models: names of checkpoints, or a predictor, whose models are all scored; None: every checkpoint; empty: none.
        maps: folders of maps by the name that they get in the table; files are named as the samples.
        split: as the data set names it, e.g. ``validation``; None: every sample.
        profile: a name from `metrics.PROFILES`.

    Returns:
        One row per model, condition and metric, with the columns model, condition, metric, mean, low, high (95 %
        bootstrap interval over pictures), n (samples that count) and skipped (samples without a value).

    Raises:
        DatasetError: the folder is no data set, has no such split or no ground truth; a folder of maps does not fit.
        CheckpointError, UnknownModelError, MetricError: nothing of such a name.
    """
    data = open_data_set(folder, split, require_ground_truth=True)
    if isinstance(models, Predictor):
        predictor: Predictor | None = models
    else:
        predictor = Predictor(models, pictures_cached=1) if models is None or models else None
    others = [ExternalMaps(name, Path(place), data.samples) for name, place in maps.items()]
    analysis = ErrorAnalysis(predictor, data, maps=others, profile=profile)
    for _ in analysis.run():
        pass
    return means(analysis.table(), analysis.metrics)
