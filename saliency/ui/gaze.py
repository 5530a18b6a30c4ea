"""The Your gaze tab: a visitor looks, marks where they looked, and sees which model comes closest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, load_recording
from saliency.imaging import load_image, open_picture
from saliency.predictor import Predictor
from saliency.results import Shape
from saliency.ui.cancel_button import CancelButton
from saliency.ui.cancellation import cancellable
from saliency.ui.examples import Example, examples
from saliency.ui.form import Form
from saliency.ui.gaze_scores import present_scores
from saliency.ui.gaze_stage import GazeStage, read_looked
from saliency.ui.gaze_view import GazeView
from saliency.ui.guard import guarded
from saliency.ui.picture_input import FILES, PictureButton
from saliency.ui.presentation import picture_view
from saliency.ui.queues import ENGINE
from saliency.ui.sentences import telling
from saliency.ui.texts import t

_PROGRESS = gr.Progress()  # as a default it tells Gradio to hand the handler a visitor's own
STAGE_SIDE = 1280  # pixels of the longer side of the picture that is looked at


def build(predictor: Predictor) -> Form:
    """Adds the tab's content to the Blocks or Tab being built."""

    @cancellable
    @guarded
    def score(picture, fixations=None, files=None, sentence=None, models=None, blur=None, progress=_PROGRESS):
        """How near each model's map comes to where people looked: NSS, AUC, CC, SIM and KL, best first by NSS.

        Fixations come as a list, as files, or both. Returns one JSON object; see its schema.

        Args:
            picture: A file: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
            fixations: [[x, y], ...] in pixels of the picture from its upper left corner, or as the type says.
            files: CSV tables of x, y in pixels, which may have the columns participant, round, order, milliseconds.
            sentence: What was read before looking; the models read it, too. May be empty.
            models: Names of the models to score, at least one.
            blur: Standard deviation in pixels of the Gaussian that makes a density of fixations; 0: as in SJTU-TIS.
        """
        opened = open_picture(picture)
        shape = opened.pixels.shape[:2]
        looked = read_looked(fixations, shape)
        everything = looked.fixations + read_files(files, shape)
        if not everything:
            raise GroundTruthError("There is nothing to score yet: mark where you looked, or load fixations.")
        read = {Condition.GENERAL: sentence} if sentence and sentence.strip() else None
        comparison = predictor.predict(opened, read, models=models, progress=telling(progress))
        return present_scores(comparison, everything, blur or None, looked.pixels_per_degree)

    @guarded
    def load(files, picture):
        fixations = read_files(files, load_image(picture).shape[:2])
        return {"fixations": [asdict(fixation) for fixation in fixations]}, None

    clickable, own_picture = _picture_choice(examples())
    picture = PictureButton(t("gaze.own_picture"), visible="hidden")  # on the stage: what was refused never gets here
    with gr.Row():
        with gr.Column(scale=3, min_width=280, elem_classes="fields"):
            sentence = gr.Textbox(label=t("gaze.sentence"), info=t("gaze.sentence_hint"), lines=2, max_lines=4)
            models = gr.CheckboxGroup(
                [(title, name) for name, title in predictor.titles.items()],
                value=list(predictor.models),
                label=t("gaze.models"),
            )
            blur = gr.Number(0, label=t("gaze.blur"), info=t("gaze.blur_hint"), minimum=0)
            files = gr.UploadButton(
                t("gaze.load"),
                file_count="multiple",
                file_types=[".csv", ".txt", ".tsv"],
                size="sm",
                elem_id="gaze-load",
            )
        with gr.Column(scale=7, min_width=320):
            stage = GazeStage(elem_id="gaze-stage")
            cancel = CancelButton()
    view = GazeView(elem_id="gaze-view")

    shown = [picture, stage]
    own_picture.upload(guarded(_put), own_picture, shown, show_progress_on=stage, api_visibility="private")
    for button, example in clickable:
        button.click(_chooser(example), outputs=shown, show_progress_on=stage, api_visibility="private")
    sentence.change(
        None, sentence, stage, js="(sentence) => ({ sentence })", show_progress="hidden", api_visibility="private"
    )
    loading = files.upload(load, [files, picture], [stage, files], show_progress_on=stage, api_visibility="private")
    loading.failure(lambda: None, outputs=files, show_progress="hidden", api_visibility="private")
    scoring = stage.score(
        score,
        [picture, stage, files, sentence, models, blur],
        view,
        api_name="score",
        show_progress_on=[view, cancel],
        trigger_mode="once",
        concurrency_limit=1,
        concurrency_id=ENGINE,
    )
    cancel.ends(scoring)
    return Form(picture, {"sentence": sentence}, models, shown, lambda example: _put(str(example.picture)))


def staged(picture: Any) -> dict[str, Any]:
    """A picture, as `load_image` takes it, as the message that puts it on the stage."""
    pixels = load_image(picture)
    height, width = pixels.shape[:2]
    small = Image.fromarray(pixels)
    small.thumbnail((STAGE_SIDE, STAGE_SIDE))
    return {"picture": picture_view(np.asarray(small)) | {"width": width, "height": height}}


def read_files(files: Sequence[str] | None, shape: Shape) -> tuple[Fixation, ...]:
    """The fixations of uploaded tables (paths); who is not named in one is called as the file.

    Raises:
        GroundTruthError: as `load_recording`; the message names the file.
    """
    fixations: list[Fixation] = []
    for file in files or ():
        try:
            fixations += load_recording(file, shape, Path(file).stem)
        except GroundTruthError as error:
            raise GroundTruthError("{name}: {why}", name=Path(file).name, why=error.message) from None
    return tuple(fixations)


def _picture_choice(shown: Sequence[Example]) -> tuple[list[tuple[gr.Button, Example]], PictureButton]:
    """Buttons without the pictures themselves: they are to be seen for the first time on the stage."""
    with gr.Row():
        buttons = [(gr.Button(example.label, size="sm", scale=0, min_width=110), example) for example in shown]
        own = PictureButton(t("gaze.own_picture"), file_types=FILES, size="sm", scale=0, min_width=190)
    return buttons, own


def _put(picture: str) -> tuple[str, dict[str, Any]]:
    """A picture, and the message that puts it on the stage: both or, where it is refused, neither."""
    return picture, staged(picture)


def _chooser(example: Example):
    return lambda: _put(str(example.picture))
