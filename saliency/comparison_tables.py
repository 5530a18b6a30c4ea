"""The numbers below the maps: against a ground truth, how far sentences moved the maps, how far models agree.

A ground truth is where people looked, a mask of objects, or both; each has a table with metrics of its own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np

from .conditions import AnyCondition, Condition
from .errors import GroundTruthError
from .human_consistency import Consistency
from .messages import Message
from .metrics import cc, compare_maps, evaluate_fixation
from .metrics.object_evaluator import evaluate_objects
from .models.centre_prior.model import centre_prior
from .object_files import resized_mask
from .resizing import fit_density
from .results import Comparison

# Rows beside the models' that give their numbers a scale; the page words them.
CENTRE_BIAS = "centre_bias"
OTHER_PEOPLE = "other_people"
COMPARED_SIDE = 320  # pixels of the longer side of maps that are compared with each other; they are no finer
MASKED = ("MAE", "maxF", "meanF", "adpF", "wF", "S", "meanE")  # metrics of maps against a mask
MASKED_SIDE = 640  # of maps that are compared with a mask; pictures of the field's data sets are smaller


@dataclass(frozen=True)
class Table:
    """Rows of names and numbers, None where a number is not defined; the page words its title and its columns.

    Attributes:
        name: against, objects, moved or agreement.
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
    """Where people really looked under one condition, and where objects are.

    Attributes:
        condition: what the people had read.
        density: (h, w) >= 0, of any size with the picture's aspect ratio; or None.
        fixations: (N, 2) integers (row, column) in the picture's pixels, repeats included; or None.
        people: number of those who looked; None where that is not known.
        consistency: how well they predict each other; None where fewer than two are named.
        notes: sentences on how they were read.
        record: the same as JSON, for the download.
        mask: (H, W) bool at the picture's size, true on the objects; or None.
        mask_notes: sentences on how it was read.
    """

    condition: AnyCondition
    density: np.ndarray | None = None
    fixations: np.ndarray | None = None
    people: int | None = None
    consistency: Consistency | None = None
    notes: tuple[Message, ...] = ()
    record: Mapping[str, Any] | None = None
    mask: np.ndarray | None = None
    mask_notes: tuple[Message, ...] = ()

    @property
    def has_gaze(self) -> bool:
        """Whether it says where people looked."""
        return self.density is not None or self.fixations is not None


def against_truth(truth: GroundTruth, comparison: Comparison) -> tuple[Table, ...]:
    """A table with rows of scale for each kind of ground truth: `against` gaze, and `against_mask`.

    Raises:
        GroundTruthError: as `against`.
    """
    gaze = (against(truth, comparison, scale=True),) if truth.has_gaze else ()
    return (*gaze, *(() if truth.mask is None else (against_mask(truth.mask, comparison, truth.mask_notes),)))


def against_mask(mask: np.ndarray, comparison: Comparison, notes: tuple[Message, ...] = ()) -> Table:
    """How well each map agrees with a mask of objects, by the metrics of `MASKED`; also the centre bias.

    Every condition is compared: a mask says nothing of what somebody had read. Maps and mask have at most `MASKED_SIDE`
    pixels on their longer side.

    Args:
        mask: (H, W) bool at the picture's size.
        notes: sentences on how it was read.
    """
    small = comparison.reduced(MASKED_SIDE)
    objects = resized_mask(mask, small.picture.shape[:2])

    def row(model: str, condition: str, predicted: np.ndarray) -> tuple[str | float | None, ...]:
        scores = evaluate_objects(predicted, objects)
        return model, condition, *(_defined(scores[metric]) for metric in MASKED)

    rows = [row(p.model, p.condition.value, p.map) for p in small.predictions]
    rows.append(row(CENTRE_BIAS, comparison.conditions[0].value, centre_prior(small.picture)))
    return Table("objects", ("model", "condition", *MASKED), tuple(rows), notes=notes)


def against(truth: GroundTruth, comparison: Comparison, *, scale: bool = False) -> Table:
    """How right each model of gaze is under the condition of the ground truth.

    Args:
        scale: add a row of `CENTRE_BIAS` and, where people are consistent with themselves, of `OTHER_PEOPLE`.

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

    def row(name: str, predicted: np.ndarray) -> tuple[str | float | None, ...]:
        scores = evaluate_fixation(predicted, density=density, fixations=truth.fixations, metrics=metrics)
        return name, truth.condition.value, *(_defined(scores[metric]) for metric in metrics)

    rows = [row(model, comparison.get(model, truth.condition).density) for model in comparison.gaze_models]
    if scale:
        rows.append(row(CENTRE_BIAS, centre_prior(comparison.picture)))
        if truth.consistency:
            own = (getattr(truth.consistency, metric, None) for metric in metrics)
            rows.append((OTHER_PEOPLE, truth.condition.value, *(None if v is None else _defined(v) for v in own)))
    count = None if truth.fixations is None else len(truth.fixations)
    table = Table("against", ("model", "condition", *metrics), tuple(rows), count, truth.notes)
    return replace(table, notes=(*table.notes, *_scale_notes(table, truth, comparison))) if scale else table


def _scale_notes(table: Table, truth: GroundTruth, comparison: Comparison) -> tuple[Message, ...]:
    """What the numbers of a table with the rows of scale are between, by AUC or else CC, and what the rows are."""
    metric, chance = ("AUC", "0.500") if truth.fixations is not None else ("CC", "0")
    scores = {row[0]: row[table.columns.index(metric)] for row in table.rows}
    defined = {model: float(score) for model in comparison.gaze_models if (score := scores[model]) is not None}
    if not defined or scores[CENTRE_BIAS] is None:
        return ()
    best = max(defined, key=defined.__getitem__)
    values = {
        "metric": metric,
        "chance": chance,
        "centre": scores[CENTRE_BIAS],
        "title": comparison.get(best, truth.condition).title,
        "model": defined[best],
    }
    if not truth.consistency:
        return (
            Message("{metric}: chance {chance}, centre bias {centre:.3f}, {title} {model:.3f}.", **values),
            Message("Centre bias is a Gaussian in the picture's middle, as wide as a quarter of each side."),
        )
    return (
        Message(
            "{metric}: chance {chance}, centre bias {centre:.3f}, {title} {model:.3f}, other people {people:.3f}.",
            people=truth.consistency.AUC,
            **values,
        ),
        Message(
            "Centre bias is a Gaussian in the picture's middle, as wide as a quarter of each side. Other people: the "
            "fixations of each of {participants} participants against the density of all others'.",
            participants=truth.consistency.participants,
        ),
    )


def compared(comparison: Comparison) -> tuple[Table, ...]:
    """How far sentences move the maps, and how far models agree, at `COMPARED_SIDE`; empty where there is neither."""
    small = comparison.reduced(COMPARED_SIDE)
    maps = {(p.model, p.condition): p.density for p in small.predictions}
    return tuple(table for table in (moved(comparison, maps), agreement(comparison, maps)) if table)


def moved(comparison: Comparison, maps: dict[tuple[str, AnyCondition], np.ndarray]) -> Table | None:
    """How far each sentence moved each model's map from its map of the picture alone; None where there are not both.

    Args:
        maps: (h, w) density of any sum by model and condition, of one size.
    """
    if Condition.PURE not in comparison.conditions:
        return None
    metrics = ("CC", "KL", "SIM")
    rows = []
    for model in comparison.models:
        for condition in comparison.conditions:
            if condition.reads_text:
                scores = compare_maps(maps[model, condition], maps[model, Condition.PURE])
                rows.append((model, condition.value, *(_defined(scores[name]) for name in metrics)))
    return Table("moved", ("model", "condition", *metrics), tuple(rows)) if rows else None


def agreement(comparison: Comparison, maps: dict[tuple[str, AnyCondition], np.ndarray]) -> Table | None:
    """Mean correlation between all pairs of models of gaze, by condition; None for a single model.

    Args:
        maps: as in `moved`.
    """
    pairs = list(combinations(comparison.gaze_models, 2))
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
