"""The picture field: Gradio's own, except that it does not decode what was sent, and shows what browsers cannot."""

from __future__ import annotations

import json
from typing import Any

import gradio as gr
import numpy as np
from gradio.i18n import I18nData
from PIL import Image

from saliency.imaging import format_of, load_image
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.presentation import PICTURE_SIDE, picture_view
from saliency.ui.shared.texts import t

FILES = ["image", ".heic", ".heif", ".tif", ".tiff"]  # some systems do not know the last ones as pictures

_NOT_SHOWN = {"TIFF", "HEIF", "PPM"}  # formats that most browsers cannot draw
_PRIVATE = {"show_progress": "hidden", "api_visibility": "private"}

# The field's value names the upload by `path`, which the server reads, and what is drawn by `url`. A preview that comes
# late must not be drawn over another picture.
_DRAW = """(picture, preview) => {
    const { of, jpeg } = JSON.parse(preview || "{}");
    return picture && jpeg && picture.path === of ? { ...picture, url: jpeg } : picture;
}"""


class PictureInput(gr.Image):
    """A picture whose bytes reach `imaging.load_image` as they were sent: one place refuses hostile files."""

    is_template = True  # drawn by Gradio's image component

    def preprocess(self, payload: Any) -> str | None:
        """The path of the upload, which Gradio has checked to be one."""
        return payload.path if payload else None

    def draw_uploads(self) -> None:
        """Draws also what browsers cannot, and says at once where a file cannot be read.

        To be called while the page is built, after the field.
        """
        preview = gr.Textbox("", visible="hidden", label=t("common.preview"))
        drawn = self.upload(guarded(previewed), self, preview, **_PRIVATE)
        drawn.success(None, [self, preview], self, js=_DRAW, **_PRIVATE)


def picture_field(label: I18nData, *, height: int, elem_id: str) -> PictureInput:
    """Adds a field that takes a picture from a file, the clipboard or a camera, and draws it."""
    sources = ["upload", "clipboard", "webcam"]
    field = PictureInput(
        label=label,
        sources=sources,
        image_mode=None,
        buttons=[],
        height=height,
        elem_id=elem_id,
        elem_classes="picture-field",
    )
    field.draw_uploads()
    return field


class PictureButton(gr.UploadButton):
    """A button that takes a picture and does not show it; its bytes go the same way."""

    is_template = True

    def preprocess(self, payload: Any) -> str | None:
        """The path of the upload, which Gradio has checked to be one."""
        return payload.path if payload else None


def previewed(picture: str | None) -> str:
    """What the page draws in place of an upload: JSON of its path and a JPEG; "" where browsers can draw it themselves.

    Raises:
        PictureError: it cannot be read, as far as its header says; where a preview is made, as `load_image`.
    """
    if picture is None or format_of(picture) not in _NOT_SHOWN:
        return ""
    small = Image.fromarray(load_image(picture))
    small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    return json.dumps({"of": picture, "jpeg": picture_view(np.asarray(small))["jpeg"]})
