"""Class mode of the Your gaze tab: a lecturer opens one, people mark on their phones, and the marks appear live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import gradio as gr
import numpy as np
import segno

from saliency.conditions import Condition
from saliency.errors import ClassError, SaliencyError
from saliency.gaze import Fixation
from saliency.human_consistency import usual_blur
from saliency.imaging import open_picture
from saliency.predictor import Predictor
from saliency.resizing import move_points
from saliency.ui.class_mode.classroom import MOST_MARKS, MOST_ROUNDS, Classroom, Standing, Task, new_token, too_many
from saliency.ui.constants import ENGINE
from saliency.ui.gaze.gaze_presentation import present_scores
from saliency.ui.gaze.gaze_stage import GazeStage, read_looked, staged
from saliency.ui.gaze.gaze_view import GazeView
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.cancellation import cancellable
from saliency.ui.shared.component import Component
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.sentences import reporting, translated

SIDE = 512  # pixels of the longer side of the maps that are scored while everybody waits
EVERY = 2  # seconds between two updates of the class's state
_LONGEST = 300  # characters of an address
_PROGRESS = gr.Progress()
_QUIET = {"show_progress": "hidden", "api_visibility": "private", "queue": False}


def build_panel(
    room: Classroom,
    predictor: Predictor,
    stage: GazeStage,
    cancel: CancelButton,
    picture: gr.components.Component,
    sentence: gr.Textbox,
    models: gr.CheckboxGroup,
) -> None:
    """Adds what a lecturer shows of a class and its results, and lets the stage open one.

    Args:
        cancel: ends the opening.
        picture, sentence, models: of the form.
    """

    @cancellable
    @guarded
    def open_class(event: gr.EventData, path, looked, read, names, owner, progress=_PROGRESS):
        opened = open_picture(path)
        written = {Condition.GENERAL: read} if read and read.strip() else None
        comparison = predictor.predict(opened, written, models=names, progress=reporting(progress)).reduced(SIDE)
        room.end(owner)
        shown = staged(opened.pixels)["picture"]
        code, secret = room.open(Task(shown, read or "", _seconds(looked), comparison))
        return invitation(str(event.address), code), None, secret, 0, gr.Timer(active=True)

    @guarded
    def refresh(owner, version):
        try:
            standing = room.standing(owner)
        except ClassError as error:
            return {"ended": translated(error.message)}, None, None, 0, gr.Timer(active=False)
        if standing.version == version:
            return [gr.skip()] * 5
        view = present_class(room.task_of(owner), standing, whole=not version)
        return {"marked": standing.participants}, view, gr.skip(), standing.version, gr.skip()

    @guarded
    def end(owner):
        room.end(owner)
        return {"ended": ""}, None, None, 0, gr.Timer(active=False)

    @guarded
    def export(owner):
        try:
            return {"fixations": [asdict(fixation) for fixation in room.standing(owner).fixations]}
        except ClassError as error:
            return {"ended": translated(error.message)}

    panel = Component("class_panel", scripts=("fixation_file",), elem_id="class-panel")
    view = GazeView(live=True, elem_id="class-view")
    owner, version = gr.State(None), gr.State(0)  # of the lecturer's session: the secret, and which marks are shown
    timer = gr.Timer(EVERY, active=False)

    everything = [panel, view, owner, version, timer]
    opening = stage.open_class(
        open_class,
        [picture, stage, sentence, models, owner],
        everything,
        api_visibility="private",
        show_progress_on=[cancel],
        trigger_mode="once",
        concurrency_limit=1,
        concurrency_id=ENGINE,
    )
    cancel.ends(opening)
    timer.tick(refresh, [owner, version], everything, **_QUIET)
    panel.end(end, owner, everything, **_QUIET)
    panel.export(export, owner, panel, **_QUIET)


def build_visit(room: Classroom) -> None:
    """Adds the participants' page, which is shown alone where the address names a class."""

    @guarded
    def join(visit):
        try:
            task = room.task(_text(visit, "code"))
        except ClassError as error:
            return {"refused": translated(error.message)}, gr.skip()
        key = f"class-{_text(visit, 'code').strip().upper()}"  # another class may have had the same picture
        message = {"picture": {**task.picture, "key": key}, "sentence": task.sentence, "seconds": task.seconds}
        return {"joined": _text(visit, "token") or new_token()}, message

    @guarded
    def hand_in(visit, marked):
        code, token, name = _text(visit, "code"), _text(visit, "token"), _text(marked, "name")
        try:
            return {"handed_in": room.hand_in(code, token, name, read_marks(marked, room.task(code)))}
        except SaliencyError as error:
            return {"refused": translated(error.message)}

    with gr.Column(elem_id="class-page"):
        visit = Component("class_visit", elem_id="class-visit")
        stage = GazeStage(pupil=True, elem_id="class-stage")
    visit.join(join, visit, [visit, stage], **_QUIET)
    stage.score(hand_in, [visit, stage], stage, **_QUIET)


def invitation(address: str, code: str) -> dict[str, str]:
    """What the panel shows of a new class.

    Args:
        address: of the app, as the lecturer's browser knows it.

    Raises:
        ClassError: it is none.
    """
    if not address.startswith(("http://", "https://")) or len(address) > _LONGEST:
        raise ClassError("The address of this page cannot be shown as a code.")
    url = f"{address}#class={code}"
    drawn = segno.make(url, error="m", micro=False).svg_data_uri(scale=8, border=3, light="white")
    return {"code": code, "url": url, "qr": drawn}


def read_marks(sent: Any, task: Task) -> tuple[Fixation, ...]:
    """What a stage of a participant gives.

    Raises:
        ClassError: it is more than is taken.
        GroundTruthError: see `read_looked`.
    """
    marks = sent.get("fixations") if isinstance(sent, Mapping) else None
    if isinstance(marks, list) and len(marks) > MOST_MARKS * MOST_ROUNDS:
        raise too_many()
    return read_looked({"fixations": marks}, (task.picture["height"], task.picture["width"])).fixations


def present_class(task: Task, standing: Standing, whole: bool) -> dict[str, Any]:
    """The models against everybody's marks, as `gaze_view` takes it.

    Args:
        whole: with the picture and the models' maps, which stay the same while a class goes on.
    """
    own = (task.picture["height"], task.picture["width"])
    shape = task.comparison.picture.shape[:2]
    points = move_points(np.array([(mark.y, mark.x) for mark in standing.fixations]), own, shape)
    marks = [replace(m, x=int(x), y=int(y)) for m, (y, x) in zip(standing.fixations, points, strict=True)]
    view = present_scores(task.comparison, marks, max(1.0, usual_blur(own) * max(shape) / max(own)))
    view["blur"]["pixels"] = round(usual_blur(own), 2)
    if not whole:
        view["picture"] = None
        view["models"] = [{name: m[name] for name in ("name", "title", "where")} for m in view["models"]]
    return view


def _seconds(looked: Any) -> float:
    """How long the lecturer's stage shows the picture."""
    seconds = looked.get("seconds") if isinstance(looked, Mapping) else None
    return seconds if isinstance(seconds, int | float) and 0 < seconds <= 60 else 3


def _text(sent: Any, name: str) -> str:
    """A text that a browser sent; empty where it sent something else."""
    value = sent.get(name) if isinstance(sent, Mapping) else None
    return value[:200] if isinstance(value, str) else ""
