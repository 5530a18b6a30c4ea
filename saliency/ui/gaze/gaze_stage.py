"""The stage: a picture is shown for a while, then marked, as a Gradio component.

Timing and marking happen in the browser (gaze_stage.js). The component takes messages, each an object with one of
``picture`` (a new one: jpeg, its own width and height, and a key by which its marks are found again; with ``sentence``
and ``seconds``, how long it is shown, where these are given with it), ``fixations``
(loaded ones, to be added, with ``notices`` on how they were read), ``sentence`` (to be read before) and ``distance``
(of the eyes from the screen, in cm); it gives what `SCHEMA` describes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, recording
from saliency.imaging import load_image
from saliency.results import Shape
from saliency.ui.shared.component import Component
from saliency.ui.shared.presentation import picture_view

STAGE_SIDE = 1280  # pixels of the longer side of the picture that is looked at

_FIXATION = {
    "type": "object",
    "properties": {
        "x": {"type": "number"},
        "y": {"type": "number"},
        "participant": {"type": "string"},
        "round": {"type": "integer"},
        "order": {"type": "integer"},
        "milliseconds": {"type": "integer"},
        "duration": {"type": "integer"},
    },
}

# The JSON the component gives, and so what the API endpoint `score` takes as fixations.
SCHEMA: dict[str, Any] = {
    "description": (
        "Where people looked: [[x, y], ...] in pixels of the picture from its upper left corner, or {fixations: "
        "[{x, y, participant, round, order, milliseconds, duration}], pixels_per_degree: how many of the picture's "
        "pixels per degree of visual angle, or null, seconds: how long the picture was shown}; "
        "of a fixation only x and y are needed."
    ),
    "anyOf": [
        {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        {
            "type": "object",
            "properties": {
                "fixations": {"type": "array", "items": _FIXATION},
                "pixels_per_degree": {"type": "number"},
                "seconds": {"type": "number"},
            },
        },
    ],
}


@dataclass(frozen=True)
class Looked:
    """What visitors marked.

    Attributes:
        fixations: in the picture's pixels.
        pixels_per_degree: of visual angle, > 0; None where that is not known.
    """

    fixations: tuple[Fixation, ...] = ()
    pixels_per_degree: float | None = None


class GazeStage(Component):
    """The picture for a while, then the picture to be marked; everybody's marks, to be scored or taken home.

    Args:
        pupil: whether it is for one person, who takes part in a class and hands marks in.
    """

    def __init__(self, *, pupil: bool = False, **options: Any):
        super().__init__("gaze_stage", scripts=("fixation_file", "gaze_estimation"), pupil=pupil, **options)

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return SCHEMA


def staged(picture: Any) -> dict[str, Any]:
    """A picture, as `load_image` takes it, as the message that puts it on the stage."""
    pixels = load_image(picture)
    height, width = pixels.shape[:2]
    small = Image.fromarray(pixels)
    small.thumbnail((STAGE_SIDE, STAGE_SIDE))
    shown = picture_view(np.asarray(small))
    key = hashlib.sha256(shown["jpeg"].encode()).hexdigest()[:32]
    return {"picture": shown | {"width": width, "height": height, "key": key}}


def read_looked(value: Any, shape: Shape) -> Looked:
    """What the component or a client of the API sends, checked against a picture of `shape` (H, W).

    Raises:
        GroundTruthError: it is not what `SCHEMA` describes, or a fixation lies outside of the picture.
    """
    if not value:
        return Looked()
    sent = value if isinstance(value, Mapping) else {"fixations": value}
    fixations, density = sent.get("fixations") or [], sent.get("pixels_per_degree")
    if not isinstance(fixations, list) or not (density is None or (isinstance(density, int | float) and density > 0)):
        raise GroundTruthError("Fixations are given as a list of [x, y] in pixels of the picture.")
    rows = [_row(fixation) for fixation in fixations]
    return Looked(recording(rows, shape) if rows else (), density)


def _row(fixation: Any) -> Mapping[str, Any]:
    if isinstance(fixation, Mapping):
        return fixation
    if isinstance(fixation, list) and len(fixation) == 2:
        return dict(zip(("x", "y"), fixation, strict=True))
    raise GroundTruthError("Fixations are given as a list of [x, y] in pixels of the picture.")
