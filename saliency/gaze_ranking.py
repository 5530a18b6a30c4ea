"""Models ranked by the agreement of their maps with fixations."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from .comparison_tables import GroundTruth, Table, against
from .errors import GroundTruthError
from .gaze import Fixation
from .human_consistency import usual_blur
from .metrics import density_from_fixations
from .metrics.ground_truth import Blur
from .resizing import move_points
from .results import Comparison, Shape

SCORED_SIDE = 1024  # pixels of the longer side; more take memory and time and add nothing to maps that are coarser
METRICS = ("NSS", "AUC", "CC", "SIM", "KL")  # ranked by the first: it needs no blur, and no map wins by its scale


def checked_blur(blur: float | None, shape: Shape) -> float:
    """A blur in pixels for a picture of `shape` (H, W); None is `usual_blur`.

    Raises:
        GroundTruthError: it is smaller than a pixel, or larger than an eighth of the picture.
    """
    if blur is None:
        return usual_blur(shape)
    most = max(shape) / 8
    if not 1 <= blur <= most:  # false for NaN too
        raise GroundTruthError("The blur must lie between 1 and {most:.0f} pixels for this picture.", most=most)
    return float(blur)


def rank(comparison: Comparison, fixations: Sequence[Fixation], sigma: float) -> tuple[np.ndarray, Table]:
    """The density of the fixations, its longer side at most `SCORED_SIDE`, and a row of scores per model, best first.

    Args:
        comparison: of one condition.
        fixations: at least one, in the picture's pixels.
        sigma: standard deviation in the picture's pixels of the Gaussian that makes the density.
    """
    small = comparison.reduced(SCORED_SIDE)
    shape, scored = comparison.picture.shape[:2], small.picture.shape[:2]
    points = move_points(np.array([(f.y, f.x) for f in fixations]), shape, scored)
    # As SJTU-TIS does: nothing beyond the picture's edge. Two people at one pixel are two, though.
    rule = Blur(sigma=sigma * max(scored) / max(shape), border=cv2.BORDER_CONSTANT, repeats=True)
    density = density_from_fixations(points, scored, rule)
    table = against(GroundTruth(comparison.conditions[0], density, points), small)
    columns = ("model", *METRICS)
    order = [table.columns.index(column) for column in columns]
    rows = sorted((tuple(row[at] for at in order) for row in table.rows), key=_first_score, reverse=True)
    return density, Table("ranking", columns, tuple(rows))


def _first_score(row: tuple[str | float | None, ...]) -> float:
    """The score in the first column behind the name; below all others where it is not defined."""
    return -math.inf if row[1] is None else float(row[1])
