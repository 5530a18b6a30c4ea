"""How near the models come to where people looked, as a Gradio component.

What it shows is one JSON value (see `gaze_scores.present_scores`); everything a visitor changes about it happens in the
browser (gaze_view.js), without a request.
"""

from __future__ import annotations

from typing import Any

from saliency.ui.shared.component import Component
from saliency.ui.shared.outdated import ASKED
from saliency.ui.shared.presentation import PROVENANCE

_MAP = (
    "png: data URI of an 8-bit grey map, low, high: what 0 and 255 stand for, as multiples of the picture's average "
    "density, where: {half, place: [row, column] of the ninth with the most, share, peak: [x, y]}"
)

# The JSON the component takes, and so what the API endpoint `score` returns.
SCHEMA: dict[str, Any] = {
    "title": "Scores",
    "type": "object",
    "description": (
        "Models against where people looked. picture: {jpeg: data URI, width, height}. size: the picture's own width "
        "and height. sentence: what was read before. fixations: [{x, y, participant, round, order, milliseconds, "
        "duration}] in the picture's own pixels. people: [{participant, rounds, fixations: how many}]. blur: {pixels: "
        "standard deviation in the picture's own pixels, degrees: the same in degrees of visual angle, null where the "
        f"picture's size in the eye is not known}}. gaze: the density of the fixations, {{{_MAP}}}. models: best first "
        f"by NSS, [{{name, title, {_MAP}}}]. table: {{name, columns, rows: one row per model, best first, null where a "
        "number is not defined}. notices: sentences on the picture, on how files were read and on what was left "
        f"unread. {PROVENANCE}{ASKED}"
    ),
    "properties": {
        "picture": {"type": "object"},
        "size": {"type": "object"},
        "sentence": {"type": "string"},
        "fixations": {"type": "array", "items": {"type": "object"}},
        "people": {"type": "array", "items": {"type": "object"}},
        "blur": {"type": "object"},
        "gaze": {"type": "object"},
        "models": {"type": "array", "items": {"type": "object"}},
        "table": {"type": "object"},
        "notices": {"type": "array", "items": {"type": "string"}},
        "provenance": {"type": "object"},
        "asked": {"type": "array", "items": {}},
    },
}


class GazeView(Component):
    """The ranking of the models, and their maps beside the visitors' own.

    Args:
        live: whether the value comes again and again, which moves nobody; after the first, `picture` may be null and
            models have no maps, where these are the same.
    """

    def __init__(self, *, live: bool = False, **options: Any):
        super().__init__("gaze_view", live=live, **options)

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return SCHEMA
