"""Recording a look with the camera: a dialog over the page, as a Gradio component without a value.

Everything happens in the browser (gaze_recorder.js). The stage asks for a recording and gets its fixations by an event
of the page; nothing of the camera is sent.
"""

from __future__ import annotations

from typing import Any

from saliency.ui.page import face_mesh
from saliency.ui.shared.component import Component

# Milliseconds: until an eye has reached a point, how long it is read there, how much longer a face is waited for, and
# how long the cross is shown before the picture.
TIMES: dict[str, Any] = {"settle": 500, "dwell": 700, "patience": 10_000, "cross": 1000}


class GazeRecorder(Component):
    """The dialog in which the camera is calibrated and a look is recorded."""

    def __init__(self, **options: Any):
        super().__init__(
            "gaze_recorder",
            scripts=("gaze_estimation", "face_landmarks"),
            library=face_mesh.PREFIX,
            **TIMES,
            **options,
        )
