"""Models against where visitors said they looked, as the JSON that the browser draws and the API returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import cv2
import numpy as np

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation
from saliency.gaze.frames import move_points
from saliency.human_consistency import usual_blur
from saliency.messages import Message
from saliency.metrics import density_from_fixations
from saliency.metrics.ground_truth import Blur
from saliency.results import Comparison, Shape
from saliency.ui.description import where
from saliency.ui.presentation import MAP_SIDE, PICTURE_SIDE, packed, picture_view, provenance
from saliency.ui.sentences import told
from saliency.ui.tables import GroundTruth, Table, against

SCORED_SIDE = 1024  # pixels of the longer side; more take memory and time and add nothing to maps that are coarser
METRICS = ("NSS", "AUC", "CC", "SIM", "KL")  # ranked by the first: it needs no blur, and no map wins by its scale


def present_scores(
    comparison: Comparison,
    fixations: Sequence[Fixation],
    blur: float | None = None,
    pixels_per_degree: float | None = None,
    notices: Sequence[Message] = (),
) -> dict[str, Any]:
    """How near each model comes to the fixations, best first, as `gaze_view.SCHEMA` describes it.

    Args:
        comparison: of one condition.
        fixations: at least one, in the picture's pixels.
        blur: standard deviation in the picture's pixels of the Gaussian that makes a density of the fixations; default
            `usual_blur`.
        pixels_per_degree: how many of the picture's pixels a degree of visual angle had; None where that is not known.
        notices: on how the fixations were read.

    Raises:
        GroundTruthError: a blur out of range.
    """
    shape = comparison.picture.shape[:2]
    sigma = _checked_blur(blur, shape)
    density, table = _scored(comparison, fixations, sigma)
    small = comparison.reduced(MAP_SIDE)
    # Averaging, since a narrow blur's spots would fall between the points that are looked up otherwise.
    own = cv2.resize(density, small.picture.shape[1::-1], interpolation=cv2.INTER_AREA)
    maps = {prediction.model: prediction.density for prediction in small.predictions}
    ranked = [comparison.get(row[0], comparison.conditions[0]) for row in table.rows]
    return {
        "picture": picture_view(comparison.reduced(PICTURE_SIDE).picture),
        "size": {"width": shape[1], "height": shape[0]},
        "sentence": ranked[0].sentence,
        "fixations": [asdict(fixation) for fixation in fixations],
        "people": _people(fixations),
        "blur": {"pixels": round(sigma, 2), "degrees": pixels_per_degree and round(sigma / pixels_per_degree, 3)},
        "gaze": _view(own),
        "models": [{"name": p.model, "title": p.title, **_view(maps[p.model])} for p in ranked],
        "table": asdict(table),
        "notices": [
            told(notice)
            for notice in dict.fromkeys([*notices, *comparison.notices, *(n for p in ranked for n in p.notices)])
        ],
        "provenance": provenance(ranked, comparison.timings),
    }


def _checked_blur(blur: float | None, shape: Shape) -> float:
    if blur is None:
        return usual_blur(shape)
    most = max(shape) / 8
    if not 1 <= blur <= most:  # false for NaN too
        raise GroundTruthError("The blur must lie between 1 and {most:.0f} pixels for this picture.", most=most)
    return float(blur)


def _scored(comparison: Comparison, fixations: Sequence[Fixation], sigma: float) -> tuple[np.ndarray, Table]:
    """The density of the fixations at `SCORED_SIDE`, and a row a model, best first."""
    small = comparison.reduced(SCORED_SIDE)
    shape, scored = comparison.picture.shape[:2], small.picture.shape[:2]
    points = move_points(np.array([(f.y, f.x) for f in fixations]), shape, scored)
    # As SJTU-TIS does: nothing beyond the picture's edge. Two people at one pixel are two, though.
    rule = Blur(sigma=sigma * max(scored) / max(shape), border=cv2.BORDER_CONSTANT, repeats=True)
    density = density_from_fixations(points, scored, rule)
    table = against(GroundTruth(comparison.conditions[0], density, points), small)
    columns = ("model", *METRICS)
    order = [table.columns.index(column) for column in columns]
    rows = (tuple(row[at] for at in order) for row in table.rows)
    return density, Table("ranking", columns, tuple(sorted(rows, key=lambda row: row[1], reverse=True)))


def _people(fixations: Sequence[Fixation]) -> list[dict[str, Any]]:
    counts = Counter(fixation.participant for fixation in fixations)
    rounds = Counter(name for name, _ in {(fixation.participant, fixation.round) for fixation in fixations})
    return [{"participant": name, "rounds": rounds[name], "fixations": count} for name, count in counts.items()]


def _view(density: np.ndarray) -> dict[str, Any]:
    """A density of any sum as the page draws and tells it, in multiples of its average."""
    return packed(density * (density.size / density.sum())) | {"where": asdict(where(density))}
