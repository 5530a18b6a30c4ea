"""A clip with its maps, and the numbers of it, as a Gradio component."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from saliency.ui.gradio_internals import served_file
from saliency.ui.shared.component import Component
from saliency.ui.shared.outdated import ASKED
from saliency.ui.shared.presentation import PROVENANCE, provenance
from saliency.video import VideoReport

# The JSON the component takes, and so what the API endpoint `video` returns.
SCHEMA: dict[str, Any] = {
    "title": "Video",
    "type": "object",
    "description": (
        "A clip with a model's maps. video: the file, MP4 with H.264, and with the clip's sound where sound is true. "
        "frames: how many it has, of width x height pixels, over duration seconds. maps: how many were computed; "
        "speed: how many of them per second, writing included. model: title of the model. sentence: what it read. "
        "notices: sentences on what was skipped or left out. " + PROVENANCE + ASKED
    ),
    "properties": {
        "video": {"type": "object"},
        **{name: {"type": "integer"} for name in ("frames", "maps", "width", "height")},
        **{name: {"type": "number"} for name in ("duration", "speed")},
        "sound": {"type": "boolean"},
        "model": {"type": "string"},
        "sentence": {"type": "string"},
        "notices": {"type": "array", "items": {"type": "string"}},
        "provenance": {"type": "object"},
        "asked": {"type": "array", "items": {}},
    },
}


class ClipView(Component):
    """The video, to be played and saved."""

    def __init__(self, **options: Any):
        super().__init__("clip_view", **options)

    def presented(self, path: Path, report: VideoReport, sentence: str, notices: Sequence[str]) -> dict[str, Any]:
        """A written video as `SCHEMA` says; the file is copied to where the browser finds it."""
        height, width = report.shape
        return {
            "video": served_file(self, path, "video/mp4"),
            "frames": report.frames,
            "maps": report.maps,
            "width": width,
            "height": height,
            "duration": round(report.seconds, 3),
            "speed": round(report.speed, 2),
            "sound": report.sound,
            "model": report.title,
            "sentence": sentence,
            "notices": list(notices),
            "provenance": provenance([(report.title, report.checkpoint)], {"total": report.took}),
        }

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return SCHEMA
