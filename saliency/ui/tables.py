"""The numbers below the maps: against a ground truth, how far sentences moved the maps, how far models agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.metrics import cc, compare_maps, evaluate_fixation
from saliency.results import Comparison


@dataclass(frozen=True)
class Table:
    """Rows of names and numbers, None where a number is not defined; the page words its title and its columns.

    Attributes:
        name: against, moved or agreement.
        columns: model, condition, or a metric.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class GroundTruth:
    """Where people really looked under one condition.

    Attributes:
        condition: what they had read.
        density: (h, w) >= 0, of any size with the picture's aspect ratio; or None.
        fixations: (N, 2) integers (row, column) in the picture's pixels; or None.
    """

    condition: Condition
    density: np.ndarray | None = None
    fixations: np.ndarray | None = None


def against(truth: GroundTruth, comparison: Comparison) -> Table:
    """How right each model is under the condition of the ground truth.

    Raises:
        GroundTruthError: the condition was not compared, or the density has another aspect ratio than the picture.
    """
    if truth.condition not in comparison.conditions:
        raise GroundTruthError(
            "The ground truth is for “{condition.title}”, but that sentence is empty; please write it or choose "
            "another condition for the ground truth.",
            condition=truth.condition,
        )
    _check_aspect(truth.density, comparison.picture.shape[:2])
    metrics = (("CC", "SIM", "KL") if truth.density is not None else ()) + (
        ("NSS", "AUC") if truth.fixations is not None else ()
    )
    rows = []
    for model in comparison.models:
        prediction = comparison.get(model, truth.condition)
        scores = _scores(prediction.density, truth)
        rows.append((model, truth.condition.value, *(_defined(scores[name]) for name in metrics)))
    return Table("against", ("model", "condition", *metrics), tuple(rows))


def moved(comparison: Comparison, maps: dict[tuple[str, Condition], np.ndarray]) -> Table | None:
    """How far each sentence moved each model's map from its map of the picture alone; None without sentences.

    Args:
        maps: (h, w) density of any sum by model and condition, of one size.
    """
    metrics = ("CC", "KL", "SIM")
    rows = []
    for model in comparison.models:
        for condition in comparison.conditions:
            if condition.reads_text:
                scores = compare_maps(maps[model, condition], maps[model, Condition.PURE])
                rows.append((model, condition.value, *(_defined(scores[name]) for name in metrics)))
    return Table("moved", ("model", "condition", *metrics), tuple(rows)) if rows else None


def agreement(comparison: Comparison, maps: dict[tuple[str, Condition], np.ndarray]) -> Table | None:
    """Mean correlation between all pairs of models, by condition; None for a single model.

    Args:
        maps: as in `moved`.
    """
    pairs = list(combinations(comparison.models, 2))
    if not pairs:
        return None
    rows = [
        (condition.value, _defined(float(np.mean([cc(maps[a, condition], maps[b, condition]) for a, b in pairs]))))
        for condition in comparison.conditions
    ]
    return Table("agreement", ("condition", "CC"), tuple(rows))


def _scores(density: np.ndarray, truth: GroundTruth) -> dict[str, float]:
    """Separately for the two kinds, since an uploaded density may have another size than the picture."""
    scores = {}
    if truth.density is not None:
        scores |= evaluate_fixation(density, density=truth.density, metrics=("CC", "SIM", "KL"))
    if truth.fixations is not None:
        scores |= evaluate_fixation(density, fixations=truth.fixations, metrics=("NSS", "AUC"))
    return scores


def _check_aspect(density: np.ndarray | None, picture: tuple[int, int]) -> None:
    if density is None:
        return
    (height, width), (rows, columns) = picture, density.shape
    if abs(math.log(width * rows / (height * columns))) > 0.03:
        raise GroundTruthError(
            "The density map is {columns} x {rows}, the picture {width} x {height} pixels: their proportions differ.",
            columns=columns,
            rows=rows,
            width=width,
            height=height,
        )


def _defined(value: float) -> float | None:
    """JSON has no NaN."""
    return float(value) if math.isfinite(value) else None
