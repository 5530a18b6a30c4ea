"""Scores of predicted maps against masks of salient objects: of one picture, and of a whole data set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import MetricError
from ..spreadsheet import no_formula
from .bootstrap import interval_of, resamples
from .inputs import as_map, resize_map
from .objects import LEVELS, Curve, ObjectPair, as_mask

if TYPE_CHECKING:
    import pandas as pd

OBJECT_METRICS = ("MAE", "adpF", "meanF", "maxF", "wF", "adpE", "meanE", "maxE", "S")
PICTURE_METRICS = ("MAE", "adpF", "meanF", "wF", "adpE", "meanE", "S")  # the data set's value is their mean
OBJECT_LOWER = frozenset({"MAE"})  # less is better
_OF_CURVES = {"maxF": "F", "maxE": "E"}  # the data set's value is the maximum of the mean curve
_CURVES = ("precision", "recall", "F", "E")


@dataclass(frozen=True, eq=False)
class ObjectScores:
    """The scores of one map.

    Attributes:
        values: by the metrics of `PICTURE_METRICS`.
        curves: (4, 256), of which maxF and maxE are made: precision, recall, F and E at every threshold.
        shape: (H, W) of the mask.
    """

    values: Mapping[str, float]
    curves: NDArray[np.floating]
    shape: tuple[int, int]

    @property
    def empty(self) -> bool:
        """Whether the mask has no object: then even the lowest threshold, which takes every pixel, recalls nothing."""
        return bool(self.curves[_CURVES.index("recall"), -1] == 0)


def object_scores(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> ObjectScores:
    """The scores of one predicted map, for `ObjectEvaluator.add_scores`.

    Args:
        prediction, mask, minmax: as for `evaluate_objects`.

    Raises:
        MetricError: as `evaluate_objects`.
    """
    pair = _pair(prediction, mask, minmax)
    curves = np.stack([pair.precision, pair.recall, pair.f_curve, pair.e_curve])
    height, width = pair.mask.shape
    return ObjectScores(_values(pair), curves, (height, width))


def evaluate_objects(prediction: ArrayLike, mask: ArrayLike, *, minmax: bool = True) -> dict[str, float]:
    """Scores of one predicted map by the metrics of `OBJECT_METRICS`.

    Args:
        prediction: (h, w), uint8 or numbers; resized to the mask's size, bilinear, if it differs.
        mask: (H, W), true on the objects; booleans, or numbers 0 and 1.
        minmax: scale the prediction to [0, 1] by its minimum and maximum, unless it is constant.

    Raises:
        MetricError: as the functions of `metrics.objects`, but for sizes.

    Example:
        >>> scores = evaluate_objects([[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]])
        >>> {name: round(scores[name], 3) for name in ("MAE", "maxF", "wF", "S")}
        {'MAE': 0.25, 'maxF': 0.812, 'wF': 0.87, 'S': 0.641}
    """
    pair = _pair(prediction, mask, minmax)
    values = _values(pair) | {"maxF": float(pair.f_curve.max()), "maxE": float(pair.e_curve.max())}
    return {name: values[name] for name in OBJECT_METRICS}


class ObjectEvaluator:
    """Collects predictions and masks, and averages their scores over pictures as PySODMetrics does.

    ``maxF`` and ``maxE`` are the maximum of the mean curve, not the mean of the pictures' maxima. Pictures with an
    empty mask are scored, too: `empty` counts them.

    Args:
        minmax: as for `evaluate_objects`.
        seed: of the bootstrap.

    Example:
        >>> evaluator = ObjectEvaluator()
        >>> _ = evaluator.add("boat", [[0.0, 0.5], [1.0, 0.5]], [[0, 0], [1, 1]])
        >>> _ = evaluator.add("bird", [[0.0, 0.0], [1.0, 1.0]], [[0, 0], [1, 1]])
        >>> {name: round(evaluator.summary()[name]["mean"], 3) for name in ("MAE", "maxF", "S")}
        {'MAE': 0.125, 'maxF': 0.906, 'S': 0.821}
    """

    def __init__(self, *, minmax: bool = True, seed: int = 0) -> None:
        self.minmax = minmax
        self.seed = seed
        self.empty = 0
        self._rows: dict[str, dict[str, float]] = {}
        self._curves: list[NDArray[np.floating]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, picture: str, prediction: ArrayLike, mask: ArrayLike) -> dict[str, float]:
        """Scores one prediction; returns its scores but the maxima, which are of data sets.

        Args:
            picture: its name; unique.
            prediction, mask: as for `evaluate_objects`.

        Raises:
            MetricError: a name that was added before, or as `evaluate_objects`.
        """
        scores = object_scores(prediction, mask, minmax=self.minmax)
        self.add_scores(picture, scores)
        return dict(scores.values)

    def add_scores(self, picture: str, scores: ObjectScores) -> None:
        """Adds the scores of one prediction.

        Args:
            picture: its name; unique.

        Raises:
            MetricError: a name that was added before.
        """
        if picture in self._rows:
            raise MetricError("picture {name!r} was scored already", name=picture)
        self._rows[picture] = {**scores.values, "height": scores.shape[0], "width": scores.shape[1]}
        self._curves.append(scores.curves)
        self.empty += scores.empty

    def rows(self) -> pd.DataFrame:
        """One row per picture: id, height, width, and a column per metric that is a mean over pictures."""
        import pandas as pd

        records = [{"id": picture, **row} for picture, row in self._rows.items()]
        return pd.DataFrame(records, columns=["id", "height", "width", *PICTURE_METRICS])

    def curves(self) -> dict[str, Curve]:
        """Means over pictures at the 256 thresholds: precision, recall, F and E.

        Raises:
            MetricError: nothing was added.
        """
        return dict(zip(_CURVES, self._stacked().mean(axis=0), strict=True))

    def table(self) -> pd.DataFrame:
        """The data set's scores with 95 % bootstrap intervals: index metric, columns mean, low, high, n.

        Pictures are drawn; the maxima are those of each draw's mean curve.

        Raises:
            MetricError: nothing was added.
        """
        import pandas as pd

        curves, rows = self._stacked(), self.rows()
        draws = resamples(len(rows), seed=self.seed)
        records = []
        for name in OBJECT_METRICS:
            if name in _OF_CURVES:
                own = curves[:, _CURVES.index(_OF_CURVES[name])]
                value, drawn = own.mean(axis=0).max(), (draws @ own / len(rows)).max(axis=1)
            else:
                own = rows[name].to_numpy()
                value, drawn = own.mean(), draws @ own / len(rows)
            interval = interval_of(value, drawn)
            records.append((name, interval.mean, interval.low, interval.high, len(rows)))
        return pd.DataFrame(records, columns=["metric", "mean", "low", "high", "n"]).set_index("metric")

    def summary(self) -> dict[str, dict[str, float]]:
        """`table` as metric -> {mean, low, high, n}."""
        return self.table().to_dict("index")

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Writes the rows."""
        self.rows().map(no_formula).to_csv(path, index=False)

    def _stacked(self) -> NDArray[np.floating]:
        """The curves, (pictures, 4, 256)."""
        if not self._curves:
            raise MetricError("no picture has been scored yet")
        return np.stack(self._curves)


def thresholds() -> Curve:
    """The thresholds of the curves in their order, from 1 to 0."""
    return np.linspace(1, 0, LEVELS)


def _pair(prediction: ArrayLike, mask: ArrayLike, minmax: bool) -> ObjectPair:
    mask, values = as_mask(mask), np.asarray(prediction)
    if values.shape != mask.shape:
        scale = 255 if values.dtype == np.uint8 else 1
        values = resize_map(as_map(values) / scale, mask.shape)
    return ObjectPair(values, mask, minmax)


def _values(pair: ObjectPair) -> dict[str, float]:
    found = (
        pair.mae,
        pair.f_adaptive,
        float(pair.f_curve.mean()),
        pair.weighted_f,
        pair.e_adaptive,
        float(pair.e_curve.mean()),
        pair.s_measure(),
    )
    return dict(zip(PICTURE_METRICS, found, strict=True))
