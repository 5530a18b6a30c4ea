"""How right maps are: what needs no learning beside the checkpoints, metric by metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import cv2
import numpy as np
import pandas as pd
from tqdm import tqdm

from .. import checkpoints
from ..analysis import METRICS
from ..conditions import Condition
from ..data import Sample
from ..errors import DatasetError
from ..metrics import FixationEvaluator
from ..metrics.bootstrap import Interval
from ..models import registry
from ..models.baseline import Baseline
from ..resizing import bilinear
from .markdown import format_interval, markdown_table
from .predictions import Predict

ORACLE = "people's own pure map (text-blind oracle)"
ORDER = tuple(Condition)


def people(sample: Sample) -> np.ndarray:
    """Density of gaze under the sample's condition; `DatasetError` where the data set has none."""
    density = sample.density()
    if density is None:
        raise DatasetError("Sample “{stem}” has no density of gaze.", stem=sample.stem)
    return density


def floors(training: Iterable[Sample], validation: Sequence[Sample]) -> dict[str, Predict]:
    """What needs no learning to predict, and what cannot be beaten, by name."""
    means = mean_maps(training)
    pure = {sample.picture: sample for sample in validation if sample.condition is Condition.PURE}

    def mean_map(sample: Sample) -> np.ndarray:
        return bilinear(means[sample.condition], people(sample).shape)

    return {
        **baselines(),
        "mean training map of the condition": mean_map,
        ORACLE: lambda sample: people(pure[sample.picture]),
        "people's own map (upper bound)": people,
    }


def baselines() -> dict[str, Predict]:
    """The registry's models that learn nothing, by title."""

    def predict(model: Baseline) -> Predict:
        return lambda sample: model.predict(sample.image())

    models = {spec.title: registry.create(spec.name) for spec in registry.REGISTRY.values() if not spec.learned}
    return {title: predict(model) for title, model in models.items() if isinstance(model, Baseline)}


def mean_maps(training: Iterable[Sample], size: tuple[int, int] = (240, 320)) -> dict[Condition, np.ndarray]:
    """Mean density of each condition over the training pictures, each first made to sum to 1, at (h, w) `size`."""
    sums: dict[Condition, np.ndarray] = {}
    for sample in training:
        small = cv2.resize(people(sample), size[::-1], interpolation=cv2.INTER_AREA)
        sums[sample.condition] = sums.get(sample.condition, 0) + small / small.sum()
    return {condition: total / total.sum() for condition, total in sums.items()}


def measure(predict: Predict, samples: Sequence[Sample], title: str) -> FixationEvaluator:
    """Scores of maps against where people looked."""
    evaluator = FixationEvaluator(metrics=METRICS)
    for sample in tqdm(samples, desc=title, unit=" samples", mininterval=5):
        evaluator.add(
            sample.stem, sample.picture, sample.condition, predict(sample), sample.density(), sample.fixations()
        )
    return evaluator


def metric_table(tables: Mapping[str, pd.DataFrame], metric: str) -> str:
    """Markdown: one row per predictor, one column per condition; mean and 95 % interval."""
    rows = []
    for name, table in tables.items():
        cells = [table.loc[(condition, metric)] for condition in ORDER]
        rows.append((name, *(format_interval(Interval(cell["mean"], cell["low"], cell["high"])) for cell in cells)))
    return markdown_table((metric, *(condition.title for condition in ORDER)), rows)


def section(tables: Mapping[str, pd.DataFrame]) -> str:
    """Markdown: a table a metric."""
    return "\n\n".join(f"### {metric}\n\n{metric_table(tables, metric)}" for metric in METRICS)


def estimates(table: pd.DataFrame) -> dict[str, dict[str, checkpoints.Estimate]]:
    """The table as a card holds it: condition -> metric -> estimate."""
    found: dict[str, dict[str, checkpoints.Estimate]] = {}
    for (condition, metric), row in table.iterrows():
        estimate = checkpoints.Estimate(mean=row["mean"], low=row["low"], high=row["high"], n=int(row["n"]))
        found.setdefault(str(condition), {})[metric] = estimate
    return found
