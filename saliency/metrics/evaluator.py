"""Scores of one prediction, and of a whole set: rows per picture, means and intervals per condition."""

from __future__ import annotations

import json
import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import MetricError
from ..spreadsheet import no_formula
from .bootstrap import mean_interval, resamples
from .ground_truth import density_from_fixations
from .inputs import (
    Map,
    Points,
    as_density,
    as_fixations,
    as_map,
    resize_map,
)
from .pools import Fixated, Pool, seed_of
from .profiles import Case, Metric, get_profile

if TYPE_CHECKING:  # its import takes .3 s, which only tables need
    import pandas as pd

MACRO = "macro"  # the row of the table that averages the conditions
_KEPT_IN_MEMORY = 256 * 2**20  # bytes of predictions; more go to a temporary file


def evaluate_fixation(
    prediction: ArrayLike,
    density: ArrayLike | None = None,
    fixations: ArrayLike | None = None,
    other_fixations: ArrayLike | None = None,
    baseline: ArrayLike | None = None,
    profile: str = "tuebingen",
    metrics: Sequence[str] | None = None,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Scores of one predicted map, by metric; those for which the ground truth is not given are left out.

    Args:
        prediction: (h, w); resized to the ground truth's size, bilinear, if it differs.
        density: (H, W) >= 0.
        fixations: (N, 2) integers (row, column), repeats included, or a boolean map (H, W).
        other_fixations: (M, 2) fixations on other pictures moved to this one's size, for shuffled AUC.
        baseline: (H, W) density for the information gain.
        profile: a name from `PROFILES`.
        metrics: names of the profile's metrics; None is its default set.
        seed: for the metrics that draw.

    Raises:
        MetricError: unknown profile or metric; shapes that do not fit; values that are not finite.

    Example:
        >>> map_, density = [[0, 1], [2, 3]], [[0, 1], [1, 2]]
        >>> scores = evaluate_fixation(map_, density, fixations=[(1, 1), (1, 0)])
        >>> {name: round(value, 2) for name, value in scores.items()}
        {'CC': 0.95, 'SIM': 0.92, 'KL': 0.03, 'NSS': 0.89, 'AUC': 0.75}
    """
    selected = get_profile(profile).select(metrics)
    case = _case(prediction, density, fixations)
    shape = case.prediction.shape
    others = None if other_fixations is None else as_fixations(other_fixations, shape)
    baseline = None if baseline is None else resize_map(as_density(baseline), shape)
    return _scores(Case(case.prediction, case.density, case.fixations, others, baseline, seed), selected)


def _case(prediction: ArrayLike, density: ArrayLike | None, fixations: ArrayLike | None) -> Case:
    prediction = as_map(prediction)
    density = None if density is None else as_density(density)
    fixations = None if fixations is None else np.asarray(fixations)
    shape = prediction.shape
    if density is not None:
        shape = density.shape
    elif fixations is not None and fixations.dtype == bool:
        shape = fixations.shape
    points = None if fixations is None else as_fixations(fixations, shape)
    return Case(resize_map(prediction, shape), density, points)


def _scores(case: Case, metrics: dict[str, Metric]) -> dict[str, float]:
    return {name: metric.score(case) for name, metric in metrics.items() if metric.applies_to(case)}


@dataclass(frozen=True)
class _Entry:
    """A row whose shuffled metrics wait for the fixations on all other pictures."""

    id: str
    picture: str
    condition: str
    shape: tuple[int, int]
    fixations: Points | None
    scores: dict[str, float]
    offset: int  # of the prediction in the file; -1 if it is not needed again


class FixationEvaluator:
    """Collects predictions and ground truth, and scores them picture by picture and condition by condition.

    Shuffled AUC compares with fixations under the same condition on every other picture added; those on the same
    picture under another condition are left out as well, because people fixate the same things again. It is therefore
    NaN until a second picture is added, and depends on the set: `pools` records which set it was.

    Args:
        profile: a name from `PROFILES`.
        metrics: names of the profile's metrics; None is its default set.
        seed: of the bootstrap.

    Example:
        >>> evaluator = FixationEvaluator(metrics=["CC", "AUC"])
        >>> _ = evaluator.add("1", "boat", "pure", [[0, 1], [2, 3]], [[0, 1], [1, 2]], [(1, 1), (1, 0)])
        >>> _ = evaluator.add("2", "bird", "pure", [[3, 1], [2, 0]], [[2, 1], [1, 0]], [(0, 0)])
        >>> {metric: f"{score['mean']:.3f} of {score['n']}" for metric, score in evaluator.summary()["pure"].items()}
        {'CC': '0.949 of 2', 'AUC': '0.812 of 2'}
    """

    def __init__(self, profile: str = "tuebingen", metrics: Sequence[str] | None = None, seed: int = 0) -> None:
        self.profile = get_profile(profile)
        self.seed = seed
        chosen = self.profile.select(metrics)
        needs_others = {name: "others" in m.needs or "baseline" in m.needs for name, m in chosen.items()}
        self.metrics = tuple(chosen)
        self._at_once = {name: metric for name, metric in chosen.items() if not needs_others[name]}
        self._later = {name: metric for name, metric in chosen.items() if needs_others[name]}
        self._entries: dict[str, _Entry] = {}
        self._predictions = tempfile.SpooledTemporaryFile(max_size=_KEPT_IN_MEMORY)  # noqa: SIM115 - lives as long as self
        self._rows: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def add(
        self,
        row: str,
        picture: str,
        condition: str,
        prediction: ArrayLike,
        density: ArrayLike | None = None,
        fixations: ArrayLike | None = None,
    ) -> dict[str, float]:
        """Scores one prediction; returns the scores that need no other picture.

        Args:
            row: its id; unique.
            picture: which rows show the same picture.
            condition: what had been read.
            prediction, density, fixations: as for `evaluate_fixation`.

        Raises:
            MetricError: an id that was added before, or as `evaluate_fixation`.
        """
        if row in self._entries:
            raise MetricError(f"{row!r} was scored already")
        case = _case(prediction, density, fixations)
        entry = _Entry(row, picture, str(condition), case.prediction.shape, case.fixations, {}, self._keep(case))
        entry.scores.update(_scores(Case(**{**vars(case), "seed": seed_of(row)}), self._at_once))
        self._entries[row] = entry
        self._rows = None
        return dict(entry.scores)

    def rows(self) -> pd.DataFrame:
        """One row per `add`: id, picture, condition, height, width, number of fixations, and one column per metric.

        A metric that is undefined for a picture, or lacks its ground truth, is NaN.
        """
        import pandas as pd

        if self._rows is None:
            records, pools = [], self._pools()
            for entry in self._entries.values():
                fixations = 0 if entry.fixations is None else len(entry.fixations)
                identity = {"id": entry.id, "picture": entry.picture, "condition": entry.condition}
                size = {"height": entry.shape[0], "width": entry.shape[1], "fixations": fixations}
                scores = entry.scores | self._late_scores(entry, pools[entry.condition])
                records.append(identity | size | {name: scores.get(name, math.nan) for name in self.metrics})
            columns = ["id", "picture", "condition", "height", "width", "fixations", *self.metrics]
            self._rows = pd.DataFrame(records, columns=columns)
        return self._rows.copy()

    def table(self) -> pd.DataFrame:
        """`table_of_means` of the rows."""
        return table_of_means(self.rows(), self.metrics, self.seed)

    def summary(self) -> dict[str, dict[str, dict[str, float]]]:
        """`table` as condition -> metric -> {mean, low, high, n, skipped}, the form that a checkpoint's card holds."""
        return summary_of(self.table())

    def pools(self) -> dict[str, dict[str, Any]]:
        """The pool of shuffled AUC by condition: numbers of fixations and pictures, and a sha256."""
        return {condition: pool.record() for condition, pool in self._pools().items()}

    def to_json(self, path: str | os.PathLike[str], about: Mapping[str, Any] | None = None) -> None:
        """Profile, means and intervals, pools and rows; what is undefined is null.

        Args:
            about: what was scored, written as it is: the model, the data, the split.
        """
        content = {
            **(about or {}),
            "profile": self.profile.name,
            "bootstrap": bootstrap_record(self.seed),
            "metrics": self.summary(),
            "pools": self.pools(),
            "rows": self.rows().to_dict("records"),
        }
        write_json(path, content)

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """The rows."""
        self.rows().map(no_formula).to_csv(path, index=False)

    def _keep(self, case: Case) -> int:
        if not self._later or case.fixations is None:
            return -1
        offset = self._predictions.seek(0, os.SEEK_END)
        single = case.prediction.astype(np.float32)
        np.save(self._predictions, single if np.array_equal(single, case.prediction) else case.prediction)
        return offset

    def _late_scores(self, entry: _Entry, pool: Pool) -> dict[str, float]:
        if entry.offset < 0:
            return {}
        self._predictions.seek(entry.offset)
        prediction = np.load(self._predictions).astype(np.float64)
        others = pool.others(entry.id, entry.picture, entry.shape)
        baseline = None
        if len(others) and any("baseline" in metric.needs for metric in self._later.values()):
            baseline = _centre_bias(others, entry.shape)
        case = Case(prediction, fixations=entry.fixations, others=others, baseline=baseline, seed=seed_of(entry.id))
        return _scores(case, self._later)

    def _pools(self) -> dict[str, Pool]:
        """By condition, in the order in which they were added; rows without fixations are in none."""
        rows: dict[str, list[Fixated]] = {}
        for entry in self._entries.values():
            members = rows.setdefault(entry.condition, [])
            if entry.fixations is not None:
                members.append(Fixated(entry.id, entry.picture, entry.shape, entry.fixations))
        return {condition: Pool(members, self.profile.other_pictures) for condition, members in rows.items()}


def table_of_means(rows: pd.DataFrame, metrics: Sequence[str], seed: int = 0) -> pd.DataFrame:
    """Mean over pictures with a 95 % bootstrap interval, by condition and metric.

    Args:
        rows: picture, condition, and one column per metric; NaN where it is undefined.
        seed: of the bootstrap.

    Returns:
        index (condition, metric), conditions in the order of the rows and at last, if there are several, ``macro``,
        their unweighted mean; columns mean, low, high, n (rows that count), skipped (rows that are NaN). Pictures are
        drawn, not rows: a picture's conditions stay together.
    """
    import pandas as pd

    conditions = list(dict.fromkeys(rows["condition"]))
    pictures = pd.Index(rows["picture"].unique())
    draws = resamples(len(pictures), seed=seed) if len(pictures) else np.empty((0, 0), int)
    records = []
    for name in metrics:
        values = rows.pivot_table(index="condition", columns="picture", values=name, aggfunc="mean", dropna=False)
        values = values.reindex(index=conditions, columns=pictures)
        groups = {condition: [condition] for condition in conditions}
        if len(conditions) > 1:
            groups[MACRO] = conditions
        for label, members in groups.items():
            counted = rows.loc[rows["condition"].isin(members), name]
            interval = mean_interval(values.loc[members].to_numpy(), draws)
            n = int(counted.notna().sum())
            records.append(
                {"condition": label, "metric": name, **asdict(interval), "n": n, "skipped": len(counted) - n}
            )
    columns = ["condition", "metric", "mean", "low", "high", "n", "skipped"]
    table = pd.DataFrame(records, columns=columns).set_index(["condition", "metric"])
    return table.reindex([(c, m) for c in [*conditions, MACRO] for m in metrics if (c, m) in table.index])


def summary_of(table: pd.DataFrame) -> dict[str, dict[str, dict[str, float]]]:
    """A `table_of_means` as condition -> metric -> {mean, low, high, n, skipped}."""
    result: dict[str, dict[str, dict[str, float]]] = {}
    for (condition, metric), row in table.iterrows():
        counts = {"n": int(row["n"]), "skipped": int(row["skipped"])}
        result.setdefault(condition, {})[metric] = {key: row[key] for key in ("mean", "low", "high")} | counts
    return result


def bootstrap_record(seed: int = 0) -> dict[str, Any]:
    """The settings of the bootstrap behind the intervals of `table_of_means`."""
    return {"level": 0.95, "over": "pictures", "seed": seed}


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Writes scores; what is undefined is null."""
    Path(path).write_text(json.dumps(_without_nan(content), indent=1, allow_nan=False), encoding="utf-8")


def _centre_bias(others: Points, shape: tuple[int, int]) -> Map:
    """The centre bias: density of the fixations on other pictures, a hundredth of it even: no pixel is impossible."""
    density = density_from_fixations(others, shape, "tuebingen")
    return 0.99 * density / density.sum() + 0.01 / density.size


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_nan(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
