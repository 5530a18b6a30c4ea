"""The linked grid of maps, models x conditions, as a Gradio component.

What it shows is one JSON value (see `presentation.present`); everything a visitor changes about the drawing happens in
the browser (map_grid.js), without a request.
"""

from __future__ import annotations

from io import BytesIO
from typing import Any

from PIL import Image

from saliency.results import Comparison
from saliency.ui.gradio_internals import served
from saliency.ui.shared.component import Component
from saliency.ui.shared.outdated import ASKED
from saliency.ui.shared.presentation import PICTURE_SIDE, PROVENANCE

LARGE_SIDE = 2560  # pixels of the longer side of the picture that an enlarged map lies on: a screen shows no more

# The JSON the component takes, and so what the API endpoint `compare` returns.
SCHEMA: dict[str, Any] = {
    "title": "Comparison",
    "type": "object",
    "description": (
        "A comparison. picture: {jpeg: data URI, width, height, large: file with a larger copy, null where there is "
        "none}. models: [{name, title, task: gaze, or objects, whose maps are masks}]. conditions: [{name, "
        "sentence}]. maps: [{model, condition, png: data URI of an 8-bit grey map, low, high: what 0 and 255 stand "
        "for, as multiples of the picture's average density, where: {half: share of the picture that holds half of "
        "the gaze, place: the ninth of the picture with the most gaze [row, column], share: of the gaze there, peak: "
        "[x, y] in shares of the sides}, understood: false where the model knows no English word of the sentence, "
        "covers: share of the picture that the mask of a model of objects covers, else null, moved: {share: of the "
        "gaze that left its place under the pure condition, source, target: the ninths that lost and gained most} or "
        "null, difference: {png, low, high: the map minus the pure one, packed likewise} or null}]. people: where "
        "people looked, null without a ground truth: {condition, png, low, high, where: as of a map; given: whether "
        "the density was uploaded or made of the fixations; dots: fixated places [x, y] in pixels of the picture that "
        "is sent; fixations, participants: numbers, null where not known}. outlines: of the mask of objects, "
        "polygons [[x, y], ...] in pixels of the picture that is sent, null without a mask. tables: [{name, columns, "
        "rows: those against a ground truth with two more models, centre_bias and, where participants are named, "
        "other_people; the table objects is against a mask, with centre_bias; fixations: how many the numbers are of "
        "or null, notes: sentences on how they were read}]. notices: sentences. "
        f"{PROVENANCE}{ASKED}"
    ),
    "properties": {
        "picture": {"type": "object"},
        "models": {"type": "array", "items": {"type": "object"}},
        "conditions": {"type": "array", "items": {"type": "object"}},
        "maps": {"type": "array", "items": {"type": "object"}},
        "people": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "outlines": {"anyOf": [{"type": "array", "items": {"type": "array", "items": {}}}, {"type": "null"}]},
        "tables": {"type": "array", "items": {"type": "object"}},
        "notices": {"type": "array", "items": {"type": "string"}},
        "provenance": {"type": "object"},
        "asked": {"type": "array", "items": {}},
    },
}


class MapGrid(Component):
    """Maps over their picture, their tables and where they come from."""

    def __init__(self, **options: Any):
        super().__init__("map_grid", scripts=("lens",), **options)

    def keep_large(self, comparison: Comparison) -> dict[str, Any] | None:
        """The picture for an enlarged map as a file that the browser asks for when it is needed, as Gradio names files.

        None where what `present` sends is the picture itself.
        """
        if max(comparison.picture.shape[:2]) <= PICTURE_SIDE:
            return None
        file = BytesIO()
        Image.fromarray(comparison.reduced(LARGE_SIDE).picture).save(file, "JPEG", quality=88)
        return served(self, file.getvalue(), "picture.jpg", "image/jpeg")

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return SCHEMA
