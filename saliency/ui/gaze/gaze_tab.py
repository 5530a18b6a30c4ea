"""The Your gaze tab: a visitor views a picture, marks where they looked, and compares the models."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.gaze import Recording
from saliency.gaze.options import written_options
from saliency.imaging import load_image, open_picture
from saliency.predictor import Predictor
from saliency.results import Shape
from saliency.ui.class_mode import class_mode
from saliency.ui.class_mode.classroom import Classroom
from saliency.ui.constants import ENGINE
from saliency.ui.gaze.gaze_presentation import present_scores
from saliency.ui.gaze.gaze_recorder import GazeRecorder
from saliency.ui.gaze.gaze_stage import GazeStage, read_looked, staged
from saliency.ui.gaze.gaze_view import GazeView
from saliency.ui.shared import outdated
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.cancellation import cancellable
from saliency.ui.shared.examples import Example, examples
from saliency.ui.shared.form import Form
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.model_choice import choices, learned
from saliency.ui.shared.picture_input import FILES, PictureButton
from saliency.ui.shared.sentences import reporting, translated
from saliency.ui.shared.texts import t
from saliency.ui.truth import gaze_fields
from saliency.ui.truth.gaze_fields import GazeFields
from saliency.ui.truth.truth_files import account, read_recording
from saliency.ui.truth.truth_preview import TruthPreview, preview_of

_PROGRESS = gr.Progress()  # as a default value it makes Gradio pass each request's own progress
_QUIET = {"show_progress": "hidden", "api_visibility": "private"}


@dataclass(frozen=True)
class StageFields:
    """The fields beside the stage, and the stage.

    Attributes:
        picture: that is on the stage; hidden, so that what was refused never gets here.
        reading, preview: how files of fixations are read, and where their fixations lie.
    """

    picture: PictureButton
    sentence: gr.Textbox
    models: gr.CheckboxGroup
    files: gr.UploadButton
    reading: GazeFields
    preview: TruthPreview
    blur: gr.Number
    distance: gr.Number
    stage: GazeStage
    cancel: CancelButton

    @property
    def shown(self) -> list[Any]:
        """What a picture goes into."""
        return [self.picture, self.stage]

    @property
    def inputs(self) -> list[Any]:
        """For the handler that scores."""
        asked = [self.picture, self.stage, self.files, self.sentence, self.models, self.blur]
        return [*asked, *self.reading.inputs]


def build(predictor: Predictor, room: Classroom | None = None) -> Form:
    """Adds the tab's content to the Blocks or Tab being built.

    Args:
        room: where classes are opened; default one of its own, which nobody else can take part in.
    """
    clickable, own_picture = _picture_choice(examples())
    fields = _fields(predictor)
    stage, cancel = fields.stage, fields.cancel
    class_mode.build_panel(
        room or Classroom(), predictor, stage, cancel, fields.picture, fields.sentence, fields.models
    )
    view = GazeView(elem_id="gaze-view")
    _choose_picture(clickable, own_picture, fields)
    _tell_stage(fields)
    _load_files(fields)
    scored = stage.score(
        scoring(predictor),
        fields.inputs,
        view,
        api_name="score",
        show_progress_on=[view, cancel],
        trigger_mode="once",
        concurrency_limit=1,
        concurrency_id=ENGINE,
    )
    cancel.ends(scored)
    outdated.follow(view, fields.inputs, fields.reading.inputs)
    scored.success(None, js="() => document.dispatchEvent(new Event('gaze-scored'))", api_visibility="private")
    return Form(
        fields.picture,
        {"sentence": fields.sentence},
        fields.models,
        fields.shown,
        lambda example: _put(str(example.picture)),
    )


def scoring(predictor: Predictor) -> Callable[..., Any]:
    """The handler of the endpoint `score`."""

    @cancellable
    @guarded
    @outdated.repeats_asked
    def score(
        picture,
        fixations=None,
        files=None,
        sentence=None,
        models=None,
        blur=None,
        units=None,
        screen=None,
        shown=None,
        corner=None,
        picture_name=None,
        drop_zeros=False,
        progress=_PROGRESS,
    ):
        """How near each model's map comes to where people looked: NSS, AUC, CC, SIM and KL, best first by NSS.

        Fixations come as a list, as files, or both. Returns one JSON object; see its schema.

        Args:
            picture: A file: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
            fixations: [[x, y], ...] in pixels of the picture from its upper left corner, or as the type says.
            files: Files of fixations: tables, JSON, .npy, .mat or ASC files, or pictures. The parameters from units on
                are for them alone.
            sentence: What was read before looking; the models read it, too. May be empty.
            models: Names of the models to score, at least one.
            blur: Standard deviation in pixels of the Gaussian that makes a density of fixations; 0: as in SJTU-TIS.
            units: Of the positions in the files: auto, pixels, shares or shares-from-below.
            screen: Size of the screen that positions are on, such as 1920x1080; empty where they are on the picture.
            shown: How the picture was shown on the screen: centred, fitted, stretched or at.
            corner: Where the picture's upper left corner was on the screen, such as 240, 60; for shown at.
            picture_name: Which picture's rows are read where a file has several pictures.
            drop_zeros: Whether fixations at exactly (0, 0), which may be lost samples, are left out.
        """
        opened = open_picture(picture)
        shape = opened.pixels.shape[:2]
        looked = read_looked(fixations, shape)
        recordings = read_files(files, shape, (units, screen, shown, corner, picture_name, drop_zeros), picture)
        everything = looked.fixations + tuple(fixation for read in recordings for fixation in read.fixations)
        if not everything:
            raise GroundTruthError("There is nothing to score yet: mark where you looked, or load fixations.")
        read = {Condition.GENERAL: sentence} if sentence and sentence.strip() else None
        comparison = predictor.predict(opened, read, models=models, progress=reporting(progress))
        notices = [notice for read in recordings for notice in read.notices]
        return present_scores(comparison, everything, blur or None, looked.pixels_per_degree, notices)

    return score


def _fields(predictor: Predictor) -> StageFields:
    picture = PictureButton(t("gaze.own_picture"), visible="hidden")
    with gr.Row():
        with gr.Column(scale=3, min_width=280, elem_classes="fields"):
            sentence = gr.Textbox(label=t("gaze.sentence"), info=t("gaze.sentence_hint"), lines=2, max_lines=4)
            models = gr.CheckboxGroup(
                choices(predictor), value=learned(predictor), label=t("gaze.models"), elem_classes="described"
            )
            files = gr.UploadButton(
                t("gaze.load"),
                file_count="multiple",  # of any type: what is no file of gaze is refused by its reader, with a sentence
                size="sm",
                elem_id="gaze-load",
            )
            with gr.Accordion(t("gaze_fields.title"), open=False, elem_id="gaze-fields"):
                reading = gaze_fields.build(density=False)
                preview = TruthPreview(elem_id="gaze-preview")
            with gr.Accordion(t("gaze.advanced"), open=False, elem_id="gaze-advanced"):
                blur = gr.Number(0, label=t("gaze.blur"), info=t("gaze.blur_hint"), minimum=0)
                distance = gr.Number(
                    60, label=t("gaze.distance"), info=t("gaze.distance_hint"), minimum=10, maximum=500, step=1
                )
        with gr.Column(scale=7, min_width=320):
            stage = GazeStage(elem_id="gaze-stage")
            GazeRecorder(elem_id="gaze-recorder")
            cancel = CancelButton()
    return StageFields(picture, sentence, models, files, reading, preview, blur, distance, stage, cancel)


def _choose_picture(
    clickable: Sequence[tuple[gr.Button, Example]], own_picture: PictureButton, fields: StageFields
) -> None:
    """Puts an example or one's own picture on the stage; what belongs to the picture before goes."""
    stage = fields.stage
    own_picture.upload(guarded(_put), own_picture, fields.shown, show_progress_on=stage, api_visibility="private")
    for button, example in clickable:
        button.click(_chooser(example), outputs=fields.shown, show_progress_on=stage, api_visibility="private")
    gr.on(
        [own_picture.upload, *(button.click for button, _ in clickable)],
        lambda: (None, ""),
        outputs=[fields.preview, fields.reading.picture],
        queue=False,
        **_QUIET,
    )


def _tell_stage(fields: StageFields) -> None:
    """Lets the stage know the sentence and the distance of the eyes."""
    for field, name in ((fields.sentence, "sentence"), (fields.distance, "distance")):
        field.change(None, field, fields.stage, js=f"({name}) => ({{ {name} }})", **_QUIET)


def _load_files(fields: StageFields) -> None:
    """Adds the fixations of uploaded files to the stage's marks."""

    @guarded
    def load(files, picture, *written):
        recordings = read_files(files, load_image(picture).shape[:2], written, picture)
        names = [Path(file).name for file in files or ()]
        preview = preview_of(picture, list(zip(names, recordings, strict=True)))
        return loaded(recordings), preview, None

    loading = fields.files.upload(
        load,
        [fields.files, fields.picture, *fields.reading.inputs],
        [fields.stage, fields.preview, fields.files],
        show_progress_on=fields.stage,
        api_visibility="private",
    )
    loading.failure(lambda: None, outputs=fields.files, **_QUIET)


def read_files(
    files: Sequence[str] | None, shape: Shape, written: Sequence[Any] = (), picture: str | None = None
) -> tuple[Recording, ...]:
    """The fixations of uploaded files (paths), one recording per file, which names participants without a name.

    Args:
        shape: (H, W) of the picture.
        written: options, as `written_options` takes them; not read where there is no file.
        picture: path of the picture, as for `read_recording`.

    Raises:
        GroundTruthError: options that cannot be understood; or as `read_recording`, where the message names the file.
    """
    if not files:
        return ()
    options = written_options(*written)
    recordings: list[Recording] = []
    for file in files:
        try:
            recordings.append(read_recording(file, shape, options, picture, participant=Path(file).stem))
        except GroundTruthError as error:
            raise GroundTruthError("{name}: {why}", name=Path(file).name, why=error.message) from None
    return tuple(recordings)


def loaded(recordings: Sequence[Recording]) -> dict[str, Any]:
    """Recordings as the message that adds them to the stage's marks, with what was read in the visitor's language."""
    fixations = [asdict(fixation) for recording in recordings for fixation in recording.fixations]
    return {"fixations": fixations, "notices": [translated(line) for read in recordings for line in account(read)]}


def _picture_choice(shown: Sequence[Example]) -> tuple[list[tuple[gr.Button, Example]], PictureButton]:
    """Buttons without the pictures themselves, which first appear on the stage."""
    with gr.Row(elem_id="gaze-examples"):
        buttons = [(gr.Button(example.label, size="sm", scale=0, min_width=110), example) for example in shown]
        own = PictureButton(t("gaze.own_picture"), file_types=FILES, size="sm", scale=0, min_width=190)
    return buttons, own


def _put(picture: str) -> tuple[str, dict[str, Any]]:
    """A picture, and the message that puts it on the stage: both or, where it is refused, neither."""
    return picture, staged(picture)


def _chooser(example: Example):
    return lambda: _put(str(example.picture))
