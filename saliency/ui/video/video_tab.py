"""The Video tab: a clip's maps as a video, and the camera's live; the models look at each frame by itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from saliency.errors import UnknownModelError
from saliency.messages import Message
from saliency.predictor import Predictor
from saliency.ui.constants import ENGINE
from saliency.ui.shared import outdated
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.cancellation import cancellable
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.model_choice import choices, readable, readers
from saliency.ui.shared.sentences import reporting, translated
from saliency.ui.shared.texts import t
from saliency.ui.video.clip_view import ClipView
from saliency.ui.video.live_camera import LiveCamera, seeing
from saliency.video import ClipLimits, Drawing, Progress, write_video

# What one visitor's clip may be: others wait meanwhile. The tab's texts name the first three numbers.
SECONDS, MAPS_PER_SECOND, SIDE = 20, 10, 960
LIMITS = ClipLimits(seconds=SECONDS + 0.5, frames=60 * SECONDS, pixels=4096 * 2304, decoding=120)
USUAL_RATE, MOST_SMOOTHING = 5, 2.0
COLORMAP = "viridis"  # as the other tabs have it at first

_PROGRESS = gr.Progress()  # as a default value it makes Gradio pass each request's own progress


def answer(
    predictor: Predictor,
    view: ClipView,
    clip: str | None,
    sentence: str | None,
    model: str | None,
    rate: float,
    smoothing: float,
    opacity: float,
    progress: Callable[[float, Message], None] | None = None,
) -> dict[str, Any]:
    """A clip with a model's maps over it, as `clip_view.SCHEMA` says.

    Args:
        clip: path of the upload.
        rate, smoothing: as for `video_maps`, within the tab's bounds.
        opacity: percent.
        progress: as for `Predictor.predict`.

    Raises:
        VideoError, PictureError, TextError: what was given cannot be used.
        UnknownModelError: no model, or none of this name.
    """
    if not model:
        raise UnknownModelError("Please choose a model.")
    read, on_sentence = readable(predictor, model, sentence)
    with TemporaryDirectory() as folder:
        out = Path(folder) / "saliency.mp4"
        report = write_video(
            predictor,
            clip,
            out,
            model=model,
            sentence=read,
            rate=min(max(rate, 0.1), MAPS_PER_SECOND),
            smoothing=min(max(smoothing, 0), MOST_SMOOTHING),
            drawing=Drawing(min(max(opacity, 0), 100) / 100, COLORMAP, fading=True),
            side=SIDE,
            limits=LIMITS,
            progress=_remaining(progress) if progress else None,
        )
        return view.presented(out, report, read, [translated(notice) for notice in (*on_sentence, *report.notices)])


def _remaining(progress: Callable[[float, Message], None]) -> Progress:
    """Reports frames as a share of the work, with the seconds that are left."""
    began = time.perf_counter()

    def report(done: int, total: int | None) -> None:
        if not total or not done:
            progress(0.0, Message("Frame {done}", done=done + 1))
            return
        left = (time.perf_counter() - began) / done * max(total - done, 0)
        step = Message("Frame {done} of {total}, about {left} s left", done=done, total=total, left=round(left))
        progress(min(done / total, 1.0), step)

    return report


def smallest(predictor: Predictor) -> str:
    """The model that reads text and has the least weights, which is the fastest."""
    return min(readers(predictor), key=lambda name: predictor.footprints[name].memory)


def build(predictor: Predictor) -> None:
    """Adds the tab's content to the Blocks or Tab being built."""
    view = ClipView(elem_id="clip", render=False)

    @cancellable
    @guarded
    @outdated.repeats_asked
    def video(
        clip,
        sentence=None,
        model=None,
        rate=USUAL_RATE,
        smoothing=0.0,
        opacity=70,
        progress=_PROGRESS,
    ):
        """Where people look in a video: a model's map of each frame over it. Models see frames and know no motion.

        Returns one JSON object; see its schema.

        Args:
            clip: A file of at most 20 seconds, 1,200 frames and 64 MB: MP4, MOV, WebM, MKV, AVI or GIF.
            sentence: What was read before looking. May be empty; a text-blind model does not read it.
            model: Name of the model; without one, the smallest that reads text.
            rate: Maps per second of the clip, at most 10; frames between them have the map before.
            smoothing: Time constant in seconds of an average of the maps over time, 0 to 2; 0 is none.
            opacity: Of the maps in percent; 100 is the maps alone.
        """
        return answer(predictor, view, clip, sentence, model, rate, smoothing, opacity, reporting(progress))

    with gr.Row():
        with gr.Column(scale=4, min_width=300):
            clip = gr.Video(
                label=t("video.clip"),
                sources=["upload"],
                buttons=[],
                height=300,
                elem_id="clip-input",
                elem_classes="picture-field",
            )
        with gr.Column(scale=6, min_width=320, elem_classes="fields"):
            sentence = gr.Textbox(label=t("video.sentence"), info=t("video.sentence_help"), lines=1, max_lines=4)
            model = gr.Radio(
                choices(predictor),
                value=smallest(predictor),
                label=t("video.model"),
                info=t("video.model_help"),
                elem_classes="described",
            )
            with gr.Accordion(t("video.options"), open=False, elem_id="clip-options"), gr.Row():
                rate = gr.Slider(
                    1, MAPS_PER_SECOND, USUAL_RATE, step=1, label=t("video.rate"), info=t("video.rate_help")
                )
                smoothing = gr.Slider(
                    0, MOST_SMOOTHING, 0, step=0.1, label=t("video.smoothing"), info=t("video.smoothing_help")
                )
                opacity = gr.Slider(0, 100, 70, step=1, label=t("video.opacity"), info=t("video.opacity_help"))
            with gr.Row(equal_height=True, elem_classes="begin"):
                button = gr.Button(t("video.button"), variant="primary")
                cancel = CancelButton()
    view.render()
    fields = [clip, sentence, model, rate, smoothing, opacity]
    running = gr.on(
        [button.click, sentence.submit],
        video,
        fields,
        view,
        show_progress_on=[view, cancel],
        concurrency_limit=1,
        concurrency_id=ENGINE,
        api_name="video",
        trigger_mode="once",
    )
    cancel.ends(running)
    outdated.follow(view, fields)
    _build_camera(predictor, sentence, model)


def _build_camera(predictor: Predictor, sentence: gr.Textbox, model: gr.Radio) -> None:
    camera = LiveCamera(elem_id="live")
    looked = camera.look(
        guarded(seeing(predictor)),
        [camera, sentence, model],
        camera,
        show_progress="hidden",
        concurrency_limit=1,
        concurrency_id=ENGINE,
        api_visibility="private",
    )
    looked.failure(lambda: {"failed": True}, outputs=camera, show_progress="hidden", api_visibility="private")
