"""The numbers below the maps: against a ground truth, how far sentences moved the maps, how far models agree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.gaze.frames import fit_density
from saliency.messages import Message
from saliency.metrics import cc, compare_maps, evaluate_fixation
from saliency.results import Comparison


@dataclass(frozen=True)
class Table:
    """Rows of names and numbers, None where a number is not defined; the page words its title and its columns.

    Attributes:
        name: against, moved or agreement.
        columns: model, condition, or a metric.
        fixations: how many the numbers are of; None where they are of none.
        notes: sentences on what the numbers are of.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    fixations: int | None = None
    notes: tuple[Message, ...] = ()


@dataclass(frozen=True)
class GroundTruth:
    """Where people really looked under one condition.

    Attributes:
        condition: what they had read.
        density: (h, w) >= 0, of any size with the picture's aspect ratio; or None.
        fixations: (N, 2) integers (row, column) in the picture's pixels, repeats included; or None.
        notes: sentences on how they were read.
        record: the same as JSON, for what is taken home.
    """

    condition: Condition
    density: np.ndarray | None = None
    fixations: np.ndarray | None = None
    notes: tuple[Message, ...] = ()
    record: Mapping[str, Any] | None = None


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
    density = None if truth.density is None else fit_density(truth.density, comparison.picture.shape[:2])
    metrics = (("CC", "SIM", "KL") if density is not None else ()) + (
        ("NSS", "AUC") if truth.fixations is not None else ()
    )
    rows = []
    for model in comparison.models:
        predicted = comparison.get(model, truth.condition).density
        scores = evaluate_fixation(predicted, density=density, fixations=truth.fixations, metrics=metrics)
        rows.append((model, truth.condition.value, *(_defined(scores[name]) for name in metrics)))
    count = None if truth.fixations is None else len(truth.fixations)
    return Table("against", ("model", "condition", *metrics), tuple(rows), count, truth.notes)


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


def _defined(value: float) -> float | None:
    """JSON has no NaN."""
    return float(value) if math.isfinite(value) else None
