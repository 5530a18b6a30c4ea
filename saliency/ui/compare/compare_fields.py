"""The Compare tab's fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from saliency.conditions import Condition
from saliency.gaze.options import written_options
from saliency.predictor import Predictor
from saliency.ui.compare.comparison_request import WRITTEN
from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.examples import Example
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.model_choice import choices, readers
from saliency.ui.shared.named_sentences import NamedSentences
from saliency.ui.shared.picture_input import PictureInput, picture_field
from saliency.ui.shared.texts import t
from saliency.ui.truth import gaze_fields
from saliency.ui.truth.gaze_fields import GazeFields
from saliency.ui.truth.truth_preview import TruthPreview, preview
from saliency.ui.words.word_view import CaptionView

_QUIET = {"show_progress": "hidden", "api_visibility": "private"}

# In the browser, as the server's answer might come after newer values. Gradio reports an upload and a change more than
# once, up to half a second later, and what was filled in meanwhile stays.

# The words of a description leave with its picture.
_WORDS_GO_WITH_THEIR_PICTURE = """(picture) => {
  const { dataset } = document.getElementById("caption");
  const path = picture?.path ?? "";
  const stays = dataset.picture === path;
  dataset.picture = path;
  return stays ? { __type__: "update" } : null;
}"""

# Files of gaze leave when somebody puts another picture in place of theirs; examples bring their own values.
_TRUTH_GOES_WITH_ITS_PICTURE = """(picture) => {
  const { dataset } = document.getElementById("picture");
  const path = picture?.path ?? "";
  const stays = path && dataset.emptiedFor === path;
  dataset.emptiedFor = path;
  return stays ? Array(4).fill({ __type__: "update" }) : [null, null, null, ""];
}"""
_ANOTHER_PICTURE = """(picture) => {
  const { dataset } = document.getElementById("picture");
  if (dataset.emptiedFor !== picture?.path) dataset.emptiedFor = "";
}"""


@dataclass(frozen=True)
class TruthFields:
    """Where people really looked: two files, what these people had read, and how these are read; a mask of objects."""

    density: gr.File
    fixations: gr.File
    mask: gr.File
    preview: TruthPreview
    reading: GazeFields
    condition: gr.Dropdown

    @property
    def of_one_picture(self) -> list[Any]:
        """Fields that are emptied with the picture."""
        return [self.density, self.fixations, self.mask, self.reading.picture]

    @property
    def options(self) -> list[Any]:
        """Fields that matter only with a file."""
        return [self.condition, *self.reading.inputs]


@dataclass(frozen=True)
class DescriptionFields:
    """The button that fills the general sentence, and where the words of that description come from."""

    button: gr.Button
    words: CaptionView


@dataclass(frozen=True)
class CompareFields:
    """All fields, the button that begins, and what describes the picture."""

    picture: PictureInput
    sentences: dict[str, gr.Textbox]
    description: DescriptionFields
    named: NamedSentences
    models: gr.CheckboxGroup
    truth: TruthFields
    button: gr.Button
    cancel: CancelButton

    @property
    def inputs(self) -> list[Any]:
        """For the handler. Clients that send plain JSON count places, so a new field is the last."""
        files = [self.truth.density, self.truth.fixations]
        fields = [self.picture, *self.sentences.values(), self.models, *files, *self.truth.options]
        return [*fields, self.named, self.truth.mask]

    @property
    def of_an_example(self) -> list[Any]:
        """What an example fills or empties: see `example_values`."""
        return [self.picture, *self.sentences.values(), self.named, *self.truth.of_one_picture]


def example_values(example: Example) -> tuple[Any, ...]:
    """For `CompareFields.of_an_example`."""
    return str(example.picture), example.general, example.salient, example.non_salient, [], None, None, None, ""


def build(predictor: Predictor) -> CompareFields:
    """Adds the fields to the tab being built."""
    with gr.Row():
        with gr.Column(scale=4, min_width=300):
            picture = picture_field(t("compare.picture"), height=370, elem_id="picture")
        with gr.Column(scale=6, min_width=320, elem_classes="fields"):
            sentences = {Condition.GENERAL.value: _sentence(Condition.GENERAL)}
            description = _description_fields(predictor)
            sentences |= {condition.value: _sentence(condition) for condition in WRITTEN[1:]}
            named = NamedSentences(elem_id="named-sentences")
            models = gr.CheckboxGroup(
                choices(predictor), value=readers(predictor), label=t("compare.models"), elem_classes="described"
            )
            truth = _truth_fields()
            with gr.Row(equal_height=True, elem_classes="begin"):
                button = gr.Button(t("compare.button"), variant="primary", elem_id="compare")
                cancel = CancelButton()
    fields = CompareFields(picture, sentences, description, named, models, truth, button, cancel)
    picture.change(None, picture, description.words, js=_WORDS_GO_WITH_THEIR_PICTURE, **_QUIET)
    _follow_truth(fields)
    return fields


def _sentence(condition: Condition) -> gr.Textbox:
    return gr.Textbox(
        label=t(f"common.{condition}"),
        info=t(f"compare.{condition}_task"),
        placeholder=t(f"compare.{condition}_example"),
        lines=1,
        max_lines=4,
        elem_classes="task",
    )


def _description_fields(predictor: Predictor) -> DescriptionFields:
    """The button says why where there is nothing that could describe; words are there once there is a description."""
    known = predictor.captioner is not None
    label = t("compare.describe") if known else t("compare.describe_missing")
    button = gr.Button(label, size="sm", interactive=known, elem_id="describe", elem_classes="plain")
    return DescriptionFields(button, CaptionView(elem_id="caption"))


def described(fields: CompareFields, describing: Dependency) -> None:
    """Once the picture is described, its caption is the general sentence."""
    general = fields.sentences[Condition.GENERAL.value]
    describing.success(None, fields.description.words, general, js="(caption) => caption.sentence", **_QUIET)


def _truth_fields() -> TruthFields:
    with gr.Accordion(t("compare.truth"), open=False):
        with gr.Row():
            density = gr.File(label=t("compare.density"), height=140, elem_classes="upload")
            fixations = gr.File(label=t("compare.fixations"), height=140, elem_classes="upload")
            mask = gr.File(label=t("compare.mask"), height=140, elem_classes="upload")
        shown = TruthPreview(elem_id="truth-preview")
        with gr.Accordion(t("gaze_fields.title"), open=False, elem_id="truth-fields"):
            reading = gaze_fields.build(density=True)
        condition = gr.Dropdown(
            _truth_conditions(),
            value=Condition.PURE.value,
            allow_custom_value=True,  # the name of a further sentence
            label=t("compare.truth_condition"),
            info=t("compare.truth_help"),
        )
    return TruthFields(density, fixations, mask, shown, reading, condition)


def _truth_conditions(named: Sequence[Mapping[str, str]] | None = None) -> list[tuple[Any, str]]:
    """Choices of what people read: a title and a value each.

    Args:
        named: the further sentences.
    """
    standard = [(t(f"common.{condition}"), condition.value) for condition in (Condition.PURE, *WRITTEN)]
    return [*standard, *((row["name"], row["name"]) for row in named or ())]


def _follow_truth(fields: CompareFields) -> None:
    """Connects the ground truth with the named sentences, its picture and its preview."""
    picture, truth = fields.picture, fields.truth

    def show(picture, density, fixations, mask, *written):
        return preview(picture, density, fixations, lambda: written_options(*written), mask)

    fields.named.change(
        lambda rows: gr.Dropdown(choices=_truth_conditions(rows)),
        fields.named,
        truth.condition,
        trigger_mode="always_last",
        queue=False,
        **_QUIET,
    )
    gr.on(
        [picture.input, picture.upload, picture.clear],
        None,
        picture,
        truth.of_one_picture,
        js=_TRUTH_GOES_WITH_ITS_PICTURE,
        **_QUIET,
    )
    picture.change(None, picture, js=_ANOTHER_PICTURE, **_QUIET)
    gr.on(
        [truth.density.change, truth.fixations.change, truth.mask.change, *truth.reading.changes],
        guarded(show),
        [picture, truth.density, truth.fixations, truth.mask, *truth.reading.inputs],
        truth.preview,
        trigger_mode="always_last",
        concurrency_limit=2,
        **_QUIET,
    )
