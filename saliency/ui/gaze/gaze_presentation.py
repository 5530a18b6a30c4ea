"""Models against where visitors marked that they looked, as the JSON that the browser draws and the API returns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import cv2

from saliency.gaze import Fixation
from saliency.gaze_ranking import checked_blur, rank
from saliency.messages import Message
from saliency.results import Comparison
from saliency.ui.shared.presentation import MAP_SIDE, PICTURE_SIDE, packed_density, picture_view, provenance
from saliency.ui.shared.sentences import translated


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
        pixels_per_degree: the picture's pixels per degree of visual angle; None where unknown.
        notices: on how the fixations were read.

    Raises:
        GroundTruthError: a blur out of range.
    """
    shape = comparison.picture.shape[:2]
    sigma = checked_blur(blur, shape)
    density, table = rank(comparison, fixations, sigma)
    small = comparison.reduced(MAP_SIDE)
    # Averaging, since a narrow blur's spots would fall between the points that are looked up otherwise.
    own = cv2.resize(density, small.picture.shape[1::-1], interpolation=cv2.INTER_AREA)
    maps = {prediction.model: prediction.density for prediction in small.predictions}
    ranked = [comparison.get(str(row[0]), comparison.conditions[0]) for row in table.rows]
    return {
        "picture": picture_view(comparison.reduced(PICTURE_SIDE).picture),
        "size": {"width": shape[1], "height": shape[0]},
        "sentence": ranked[0].sentence,
        "fixations": [asdict(fixation) for fixation in fixations],
        "people": _people(fixations),
        "blur": {"pixels": round(sigma, 2), "degrees": pixels_per_degree and round(sigma / pixels_per_degree, 3)},
        "gaze": packed_density(own),
        "models": [{"name": p.model, "title": p.title, **packed_density(maps[p.model])} for p in ranked],
        "table": asdict(table),
        "notices": [
            translated(notice)
            for notice in dict.fromkeys([*notices, *comparison.notices, *(n for p in ranked for n in p.notices)])
        ],
        "provenance": provenance(((p.title, p.checkpoint) for p in ranked), comparison.timings),
    }


def _people(fixations: Sequence[Fixation]) -> list[dict[str, Any]]:
    counts = Counter(fixation.participant for fixation in fixations)
    rounds = Counter(name for name, _ in {(fixation.participant, fixation.round) for fixation in fixations})
    return [{"participant": name, "rounds": rounds[name], "fixations": count} for name, count in counts.items()]
