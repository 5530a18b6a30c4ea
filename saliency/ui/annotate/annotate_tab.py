"""The Annotate tab: visitors choose the salient segments of a picture of their own, and take the mask home."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from saliency.annotation import Annotated, Segmentation, annotations_of, superpixels
from saliency.annotation.events import event_of
from saliency.annotation.first_guess import guess_of_model
from saliency.annotation.superpixels import COUNT
from saliency.errors import AnnotationError
from saliency.imaging import load_image
from saliency.predictor import Predictor
from saliency.ui.annotate.annotate_stage import AnnotateStage, guess_message, picture_message
from saliency.ui.annotate.annotated_download import zipped
from saliency.ui.constants import ENGINE
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.hidden_download import download_after, hidden_download
from saliency.ui.shared.model_choice import first_with_word_maps
from saliency.ui.shared.picture_input import FILES, PictureButton
from saliency.ui.shared.texts import t

MOST_EVENTS = 5000  # clicks in one picture
COUNTS = (100, COUNT, 400)  # superpixels aimed at


def build(predictor: Predictor) -> None:
    """Adds the tab's content to the Blocks or Tab being built."""
    picture = PictureButton(t("annotate.own_picture"), visible="hidden")  # what was refused never gets here
    with gr.Row():
        own = PictureButton(t("annotate.own_picture"), file_types=FILES, size="sm", scale=0, min_width=190)
        with gr.Column(min_width=280, elem_classes="fields"):
            count = gr.Radio(COUNTS, value=COUNT, label=t("annotate.count"), info=t("annotate.count_help"))
    stage = AnnotateStage(elem_id="annotate-stage")
    file = hidden_download("annotate-file")
    private: dict[str, Any] = {
        "api_visibility": "private",
        "show_progress_on": stage,
        "concurrency_id": ENGINE,
        "concurrency_limit": 1,
    }
    own.upload(guarded(lambda path, number: (path, opened(path, number))), [own, count], [picture, stage], **private)
    count.change(guarded(opened), [picture, count], stage, **private)
    stage.guess(guarded(guessing(predictor)), [picture, stage], stage, **private)

    @guarded
    def export(path, sent):
        made = annotated(path, sent)
        return zipped(file, [made], made.stem)

    download_after(stage.export(export, [picture, stage], file, **private), file)


def opened(path: str | None, count: int) -> dict[str, Any] | None:
    """An upload with its segments, as `picture_message`; None where there is no upload yet.

    Args:
        count: segments aimed at.

    Raises:
        PictureError: the upload cannot be used.
    """
    if path is None:
        return None
    pixels = load_image(path)
    message = picture_message(Path(path).stem, Path(path).parent.name, pixels, divided(pixels, count))
    return message | {"guessable": True, "count": count}


def divided(pixels: np.ndarray, count: Any) -> Segmentation:
    """The segments of an upload (H, W, 3), one of `COUNTS` aimed at; `AnnotationError` for another number."""
    if count not in COUNTS:
        raise AnnotationError("What was sent is no annotation.")
    return superpixels(pixels, count)


def guessing(predictor: Predictor):
    """The handler of the first guess: the gaze that a model expects after the captioner's sentence."""
    model = first_with_word_maps(predictor)

    def guess(path: str, sent: Any) -> dict[str, Any]:
        pixels = load_image(path)
        return guess_message(guess_of_model(divided(pixels, sent["count"]), pixels, predictor, model))

    return guess


def annotated(path: str | None, sent: Any) -> Annotated:
    """An upload with what the browser sends of its annotation.

    Raises:
        AnnotationError: that is none.
        PictureError: the upload cannot be used.
    """
    events = sent.get("events") if isinstance(sent, Mapping) else None
    if path is None or not isinstance(events, list):
        raise AnnotationError("There is nothing to export yet: no picture is annotated.")
    if len(events) > MOST_EVENTS:
        raise AnnotationError("More than {most} clicks in one picture are not taken.", most=MOST_EVENTS)
    segmentation = divided(load_image(path), sent.get("count"))
    read = [event_of(event) for event in events]
    return Annotated(Path(path).stem, Path(path), segmentation, annotations_of(read, segmentation))
