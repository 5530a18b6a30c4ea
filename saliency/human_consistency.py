"""Inter-observer consistency: how well people predict each other, the scale of a model's score on the same fixations.

The gold standard of the MIT/Tübingen benchmark (Kümmerer, Wallis and Bethge, ECCV 2018), leaving one observer out: each
participant's fixations are scored by the density of all others' fixations on the same picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .errors import MetricError
from .metrics import auc, density_from_fixations, nss
from .metrics.ground_truth import SJTU_TIS_CUTOFF, Blur, canvas_sigma
from .metrics.inputs import Map, Points, as_fixations
from .resizing import move_points

SIDE = 640  # pixels of the longer side at which densities are made; a usual blur leaves no detail finer than that
MOST = 50  # participants that are scored; more change the mean by little and take long


@dataclass(frozen=True)
class Consistency:
    """Inter-observer consistency of one recording.

    Attributes:
        participants: number of those who looked.
        NSS, AUC: means over all fixations of `metrics.nss` and `metrics.auc`.
        blur: standard deviation in the picture's pixels of the Gaussian that makes the densities.
    """

    participants: int
    NSS: float
    AUC: float
    blur: float


def human_consistency(
    fixations: Points, participants: Sequence[str], shape: tuple[int, int], blur: float | None = None
) -> Consistency | None:
    """Each participant's fixations against the density of all others'; every fixation counts the same.

    A model's scores against the same fixations are means over the fixations, too, so that the two are on one scale.
    CC, SIM and KL are left out: a model's are taken against the density of everybody, and a single participant's
    density is rougher than that. Of more than `MOST` participants, as many are scored, evenly spaced by name.

    Args:
        fixations: (N, 2) integers (row, column) in the picture's pixels, repeats included.
        participants: N names, who made each fixation; fixations with an empty name are left out.
        shape: (H, W) of the picture.
        blur: standard deviation in the picture's pixels; default `usual_blur`.

    Returns:
        None where fewer than two participants are named.

    Raises:
        MetricError: the numbers of fixations and names differ; a fixation is outside the picture.
    """
    if len(fixations) != len(participants):
        raise MetricError(
            "{fixations} fixations need as many names, not {names}", fixations=len(fixations), names=len(participants)
        )
    named = np.array([bool(name) for name in participants], bool)
    names, owner = np.unique(np.array([name for name in participants if name], str), return_inverse=True)
    if len(names) < 2:
        return None
    points, small, rule = _reduced(as_fixations(fixations, shape)[named], shape, blur)
    scored = np.unique(np.linspace(0, len(names) - 1, min(len(names), MOST)).round().astype(int))
    sums, count = np.zeros(2), 0
    for participant in scored:
        own = points[owner == participant]
        others = density_from_fixations(points[owner != participant], small, rule)
        sums += len(own) * np.array([nss(others, own), auc(others, own)])
        count += len(own)
    mean_nss, mean_auc = (float(value) for value in sums / count)
    return Consistency(len(names), mean_nss, mean_auc, float(usual_blur(shape) if blur is None else blur))


def density_of_people(fixations: Points, shape: tuple[int, int], blur: float | None = None) -> Map:
    """Density of fixations, (h, w) float64 in [0, 1], the longer side at most `SIDE` pixels.

    Args:
        fixations, shape, blur: as for `human_consistency`.
    """
    points, small, rule = _reduced(as_fixations(fixations, shape), shape, blur)
    return density_from_fixations(points, small, rule)


def usual_blur(shape: tuple[int, int]) -> float:
    """Standard deviation in pixels of the data set SJTU-TIS for a picture (H, W): 31.98 at 640 x 480."""
    return canvas_sigma(shape, SJTU_TIS_CUTOFF)


def _reduced(points: Points, shape: tuple[int, int], blur: float | None) -> tuple[Points, tuple[int, int], Blur]:
    """Fixations at the size of `SIDE`, that size, and the blur there. As in SJTU-TIS nothing lies beyond the edge."""
    scale = min(1.0, SIDE / max(shape))
    small = (max(1, round(shape[0] * scale)), max(1, round(shape[1] * scale)))
    sigma = scale * (usual_blur(shape) if blur is None else blur)
    return move_points(points, shape, small), small, Blur(sigma=sigma, border=cv2.BORDER_CONSTANT, repeats=True)
