"""The linked grid of maps, models x conditions, as a Gradio component.

What it shows is one JSON value (see `presentation.present`); everything a visitor changes about the drawing happens in
the browser (map_grid.js), without a request.
"""

from __future__ import annotations

from typing import Any

from saliency.ui.component import Component

# The JSON the component takes, and so what the API endpoint `compare` returns.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": (
        "A comparison. picture: {jpeg: data URI, width, height}. models: [{name, title}]. conditions: [{name, title, "
        "sentence}]. maps: [{model, condition, png: data URI of an 8-bit grey map, low, high: what 0 and 255 stand "
        "for, as multiples of the picture's average density, label: where the gaze lies, in words}]. tables: [{title, "
        "note, columns: [{title, help, digits}], rows}]. notices and provenance: lists of sentences."
    ),
    "properties": {
        "picture": {"type": "object"},
        "models": {"type": "array", "items": {"type": "object"}},
        "conditions": {"type": "array", "items": {"type": "object"}},
        "maps": {"type": "array", "items": {"type": "object"}},
        "tables": {"type": "array", "items": {"type": "object"}},
        "notices": {"type": "array", "items": {"type": "string"}},
        "provenance": {"type": "array", "items": {"type": "string"}},
    },
}


class MapGrid(Component):
    """Maps over their picture, their tables and where they come from."""

    def __init__(self, **options: Any):
        super().__init__("map_grid", **options)

    def api_info(self) -> dict[str, Any]:
        return SCHEMA
