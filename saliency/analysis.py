"""Error analysis: how right several models are on every sample of a data set, computed once and kept on disk."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from . import __version__
from .data import Sample
from .data.layouts import DataSet
from .errors import DatasetError, SaliencyError, UnknownModelError
from .evaluation import FixationPool, predict_samples
from .metrics import evaluate_fixation
from .metrics.evaluator import table_of_means
from .predictor import Predictor

# Those that need no prediction but the sample's own, and of other pictures only where people looked: an interrupted
# evaluation has final scores of every sample it reached.
METRICS = ("CC", "SIM", "KL", "NSS", "AUC", "sAUC")

_IDENTITY = {"model", "preset", "config", "text_encoder", "preprocessing", "sha256"}  # of a card: what decides a map


@dataclass(frozen=True)
class Progress:
    """How far an evaluation is.

    Attributes:
        model: name of the model being scored.
        done, total: scores of one sample by one model, those kept from before included.
    """

    model: str
    done: int
    total: int


def cache_folder() -> Path:
    """Where scores are kept: ``$SALIENCY_CACHE``, or ``saliency`` in the user's cache directory."""
    chosen = os.environ.get("SALIENCY_CACHE")
    if chosen:
        return Path(chosen)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saliency"


class ErrorAnalysis:
    """The scores of a predictor's models on one data set.

    Scores are kept per data set and checkpoint, in a file that is named by the content of both (of a checkpoint, by its
    sha256): after an interruption, or in another process, only what is missing is computed.

    Args:
        predictor: its models are those that can be scored.
        data: what they are scored on.
        folder: for the files; default `cache_folder`.
    """

    def __init__(self, predictor: Predictor, data: DataSet, folder: Path | None = None) -> None:
        self.predictor = predictor
        self.data = data
        self.samples: Mapping[str, Sample] = MappingProxyType({sample.stem: sample for sample in data.samples})
        self.pool = FixationPool(data.samples)
        self._folder = (cache_folder() if folder is None else folder) / "scores" / fingerprint(data.samples)

    def run(self, models: Sequence[str] | None = None) -> Iterator[Progress]:
        """Scores what has not been scored, and says after every sample how far it is. To cancel, stop iterating.

        Args:
            models: default all of the predictor's.

        Raises:
            DatasetError: a sample cannot be scored, the sentence names it; or the scores cannot be written.
            UnknownModelError: a name that the predictor does not have, or none.
        """
        models = self.predictor.models if models is None else tuple(models)
        unknown = [name for name in models if name not in self.predictor.models]
        if unknown or not models:
            known = ", ".join(self.predictor.models)
            raise UnknownModelError("Please choose among these models: {known}.", known=known)
        kept = {name: self._scores(name).read() for name in models}
        done, total = sum(map(len, kept.values())), len(models) * len(self.samples)
        for name in models:
            yield Progress(name, done, total)
            missing = [sample for stem, sample in self.samples.items() if stem not in kept[name]]
            for stem, scores in self._scored(missing, name):
                self._scores(name).append(stem, scores)
                done += 1
                yield Progress(name, done, total)

    def table(self) -> pd.DataFrame:
        """Everything scored until now, a row a sample and model, in the order of the models and of the data set.

        Columns: stem, picture, condition, sentence, model, and `METRICS`, NaN where one is undefined for a sample.
        """
        rows = []
        for name in self.predictor.models:
            scores = self._scores(name).read()
            for stem, sample in self.samples.items():
                if stem in scores:
                    rows.append((stem, sample.picture, sample.condition.value, sample.sentence, name, *scores[stem]))
        return pd.DataFrame(rows, columns=["stem", "picture", "condition", "sentence", "model", *METRICS])

    def _scored(self, samples: Sequence[Sample], model: str) -> Iterator[tuple[str, dict[str, float]]]:
        for sample, prediction in predict_samples(self.predictor, samples, model):
            try:
                scores = score(prediction.density, sample, self.pool)
            except SaliencyError as error:
                raise DatasetError(
                    "Sample “{stem}” cannot be scored. {why}", stem=sample.stem, why=error.message
                ) from error
            yield sample.stem, scores

    def _scores(self, model: str) -> _Scores:
        card = self.predictor.cards[model]
        # Two models may share their weights, and one set of weights give other maps in another precision.
        identity = [card.model_dump(mode="json", include=_IDENTITY), str(self.predictor.dtype), __version__]
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        return _Scores(self._folder / f"{digest}.jsonl")


def score(density: np.ndarray, sample: Sample, pool: FixationPool) -> dict[str, float]:
    """`METRICS` of a predicted density (H, W) against where people looked; NaN where the sample lacks what it takes.

    Args:
        pool: of the sample's data set, which gives shuffled AUC the fixations on other pictures.

    Raises:
        DatasetError, MetricError: fixations that cannot be read or lie outside of their picture.
    """
    others = pool.others(sample, density.shape)
    scores = evaluate_fixation(density, sample.density(), sample.fixations(), others, metrics=METRICS)
    return {metric: scores.get(metric, math.nan) for metric in METRICS}


def means(table: pd.DataFrame) -> pd.DataFrame:
    """`metrics.evaluator.table_of_means` of each model of a table, columns model, condition, metric, mean, low, ..."""
    parts = [
        table_of_means(rows, METRICS).reset_index().assign(model=model)
        for model, rows in table.groupby("model", sort=False)
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["model", "condition", "metric"])


def fingerprint(samples: Sequence[Sample]) -> str:
    """Names a data set by its samples, their sentences, and the name, size and date of every file; 64 hex digits."""
    digest = hashlib.sha256()
    for sample in samples:
        files = [_state(path) for path in (sample.image_path, sample.map_path, sample.fixation_path)]
        record = [sample.stem, sample.picture, sample.condition.value, sample.sentence, files]
        digest.update(json.dumps(record).encode())
    return digest.hexdigest()


def _state(path: Path | None) -> list[Any] | None:
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError as error:
        raise DatasetError("The file “{name}” of the data set cannot be read.", name=path.name) from error
    return [path.name, status.st_size, status.st_mtime_ns]


class _Scores:
    """A file with one JSON line a sample. What a process that was killed left unfinished of a line is passed over."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, tuple[float, ...]]:
        """Values of `METRICS` by stem."""
        found = {}
        for line in self._path.read_bytes().splitlines() if self._path.is_file() else ():
            try:
                record = json.loads(line)
                found[record["stem"]] = tuple(
                    math.nan if record[metric] is None else float(record[metric]) for metric in METRICS
                )
            except (ValueError, KeyError, TypeError):
                continue
        return found

    def append(self, stem: str, scores: Mapping[str, float]) -> None:
        """Adds a line with one write, so that a reader sees all of it or none."""
        values = {metric: value if math.isfinite(value) else None for metric, value in scores.items()}
        line = json.dumps({"stem": stem, **values}).encode() + b"\n"
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with open(self._path, "ab+", buffering=0) as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    line = line if file.read(1) == b"\n" else b"\n" + line
                file.write(line)
        except OSError as error:
            raise DatasetError(
                "The scores cannot be written: the host of this app may name another folder with SALIENCY_CACHE."
            ) from error
