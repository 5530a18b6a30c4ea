"""The Words tab: one sentence, one model; where each word points, and what it changes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from saliency.conditions import Condition
from saliency.errors import TextError, UnknownModelError
from saliency.imaging import open_picture
from saliency.messages import Message
from saliency.predictor import Predictor
from saliency.ui.constants import ENGINE
from saliency.ui.shared import outdated
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.cancellation import cancellable
from saliency.ui.shared.examples import example_buttons
from saliency.ui.shared.form import Form
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.model_choice import choices, first_with_word_maps, learned
from saliency.ui.shared.picture_input import picture_field
from saliency.ui.shared.sentences import reporting
from saliency.ui.shared.texts import t
from saliency.ui.words.word_presentation import present_words
from saliency.ui.words.word_view import WordView
from saliency.words import clean, influence

_PROGRESS = gr.Progress()  # as a default value it makes Gradio pass each request's own progress


def answer(
    predictor: Predictor,
    picture: str | None,
    sentence: str | None,
    model: str | None,
    progress: Callable[[float, Message], None] | None = None,
) -> dict[str, Any]:
    """Where each word of a sentence points and what it changes in the map of a model, as `word_view.SCHEMA` says.

    Args:
        picture: path of the upload.
        progress: as for `Predictor.predict`.

    Raises:
        PictureError, TextError: what was given cannot be used.
        UnknownModelError: no model, or none of this name.
    """
    started = time.perf_counter()
    opened = open_picture(picture)
    written = clean(sentence or "")
    if not written:
        raise TextError("Please write a sentence of at least one word.")
    if not model:
        raise UnknownModelError("Please choose a model.")
    influences = influence(predictor, opened, written, model, progress=progress)
    comparison = predictor.predict(opened, {Condition.GENERAL: written}, models=[model], words=True)
    reads_text = predictor.cards[model].text_encoder is not None
    return present_words(
        comparison,
        influences,
        reads_text=reads_text,
        word_maps=reads_text and predictor.specs[model].word_maps,
        seconds=time.perf_counter() - started,
    )


def build(predictor: Predictor) -> Form:
    """Adds the tab's content to the Blocks or Tab being built."""

    @cancellable
    @guarded
    @outdated.repeats_asked
    def words(picture, sentence=None, model=None, progress=_PROGRESS):
        """Where each word of a sentence points, as the model itself says, and what each changes in the map of gaze.

        Returns one JSON object; see its schema.

        Args:
            picture: A file: JPEG, PNG, WebP, GIF, BMP, TIFF, HEIC or AVIF.
            sentence: What was read before looking, at least one word.
            model: Name of the model. Some have a map of each word; for all, the answer has what each word changes.
        """
        return answer(predictor, picture, sentence, model, reporting(progress))

    clickable = example_buttons()
    with gr.Row():
        with gr.Column(scale=4, min_width=300):
            picture = picture_field(t("words.picture"), height=300, elem_id="words-picture")
        with gr.Column(scale=6, min_width=320, elem_classes="fields"):
            sentence = gr.Textbox(
                label=t("words.sentence"),
                info=t("words.sentence_help"),
                placeholder=t("words.sentence_example"),
                lines=1,
                max_lines=6,
            )
            model = gr.Radio(
                choices(predictor, learned(predictor)),  # without weights no word changes anything
                value=first_with_word_maps(predictor),
                label=t("words.model"),
                info=t("words.model_help"),
                elem_classes="described",
            )
            with gr.Row(equal_height=True, elem_classes="begin"):
                button = gr.Button(t("words.button"), variant="primary")
                cancel = CancelButton()

    view = WordView(elem_id="words")
    running: dict[str, Any] = {
        "fn": words,
        "inputs": [picture, sentence, model],
        "outputs": [view],
        "show_progress_on": [view, cancel],
        "concurrency_limit": 1,
        "concurrency_id": ENGINE,
    }
    outdated.follow(view, running["inputs"])
    form = Form(
        picture, {"sentence": sentence}, model, (picture,), lambda chosen: (str(chosen.picture),), running, cancel
    )
    form.answered(gr.on, triggers=[button.click, sentence.submit], api_name="words", trigger_mode="once")
    form.filled_by(clickable, [picture, sentence], lambda example: (str(example.picture), example.salient))
    return form
