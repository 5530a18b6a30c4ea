"""The linked grid of maps, models x conditions, as a Gradio component.

What it shows is one JSON value (see `presentation.present`); everything a visitor changes about the drawing happens in
the browser (map_grid.js), without a request.
"""

from __future__ import annotations

from typing import Any

from saliency.ui.component import Component

# The JSON the component takes, and so what the API endpoint `compare` returns.
SCHEMA: dict[str, Any] = {
    "title": "Comparison",
    "type": "object",
    "description": (
        "A comparison. picture: {jpeg: data URI, width, height}. models: [{name, title}]. conditions: [{name, "
        "sentence}]. maps: [{model, condition, png: data URI of an 8-bit grey map, low, high: what 0 and 255 stand "
        "for, as multiples of the picture's average density, where: {half: share of the picture that holds half of the "
        "gaze, place: the ninth of the picture with the most gaze [row, column], share: of the gaze there, peak: [x, "
        "y] in shares of the sides}, moved: {share: of the gaze that left its place under the pure condition, source, "
        "target: the ninths that lost and gained most} or null}]. tables: [{name, columns, rows, "
        "fixations: how many the numbers are of or null, notes: sentences on how they were read}]. notices: sentences. "
        "provenance: {weights: [{title, checkpoint, preset, sha256}], seconds: by stage}."
    ),
    "properties": {
        "picture": {"type": "object"},
        "models": {"type": "array", "items": {"type": "object"}},
        "conditions": {"type": "array", "items": {"type": "object"}},
        "maps": {"type": "array", "items": {"type": "object"}},
        "tables": {"type": "array", "items": {"type": "object"}},
        "notices": {"type": "array", "items": {"type": "string"}},
        "provenance": {"type": "object"},
    },
}


class MapGrid(Component):
    """Maps over their picture, their tables and where they come from."""

    def __init__(self, **options: Any):
        super().__init__("map_grid", scripts=("lens", "tables"), **options)

    def api_info(self) -> dict[str, Any]:
        return SCHEMA
