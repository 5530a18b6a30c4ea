"""The picture field: Gradio's own, except that it does not decode what was sent."""

from __future__ import annotations

from typing import Any

import gradio as gr


class PictureInput(gr.Image):
    """A picture whose bytes reach `imaging.load_image` as they were sent: all hostile files die at that one door."""

    is_template = True  # drawn by Gradio's image component

    def preprocess(self, payload: Any) -> str | None:
        """The path of the upload, which Gradio has checked to be one."""
        return payload.path if payload else None


class PictureButton(gr.UploadButton):
    """A button that takes a picture and does not show it; its bytes go the same way."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        """The path of the upload, which Gradio has checked to be one."""
        return payload.path if payload else None
