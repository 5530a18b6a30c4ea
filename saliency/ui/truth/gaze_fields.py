"""The fields that say how a file of gaze is to be read, in an accordion that most visitors never open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from saliency.gaze import Shown, Units
from saliency.ui.shared.texts import t


@dataclass(frozen=True)
class GazeFields:
    """The fields, in the order in which `gaze.options.written_options` takes their values.

    Attributes:
        units, shown: choices.
        screen, corner, picture: text; of `picture`, the name that a table has for the picture.
        drop_zeros, log: boxes to tick; `log` is None where no density is read.
    """

    units: gr.Dropdown
    screen: gr.Textbox
    shown: gr.Dropdown
    corner: gr.Textbox
    picture: gr.Textbox
    drop_zeros: gr.Checkbox
    log: gr.Checkbox | None = None

    @property
    def inputs(self) -> list[Any]:
        """For an event's inputs."""
        texts = [self.units, self.screen, self.shown, self.corner, self.picture, self.drop_zeros]
        return texts if self.log is None else [*texts, self.log]

    @property
    def changes(self) -> Sequence[Callable[..., Any]]:
        """The events at which one of the values is another; of a text, once it is written."""
        written = [event for box in (self.screen, self.corner, self.picture) for event in (box.submit, box.blur)]
        chosen = [self.units.input, self.shown.input, self.drop_zeros.input]
        return [*written, *chosen, *([] if self.log is None else [self.log.input])]


def build(*, density: bool) -> GazeFields:
    """Adds the fields to the accordion being built.

    Args:
        density: whether density maps are read, too.
    """
    with gr.Row():
        units = gr.Dropdown(
            [(t(f"gaze_fields.units_{unit.name.lower()}"), unit.value) for unit in Units],
            value=Units.AUTO.value,
            label=t("gaze_fields.units"),
            info=t("gaze_fields.units_help"),
            min_width=220,
        )
        picture = gr.Textbox(
            label=t("gaze_fields.picture"), info=t("gaze_fields.picture_help"), max_length=300, min_width=220
        )
    with gr.Row():
        screen = gr.Textbox(
            label=t("gaze_fields.screen"),
            info=t("gaze_fields.screen_help"),
            placeholder="1920x1080",
            max_length=40,
            min_width=220,
        )
        shown = gr.Dropdown(
            [(t(f"gaze_fields.shown_{shown.value}"), shown.value) for shown in Shown],
            value=Shown.CENTRED.value,
            label=t("gaze_fields.shown"),
            info=t("gaze_fields.shown_help"),
            min_width=220,
        )
    corner = gr.Textbox(label=t("gaze_fields.corner"), placeholder="240, 60", max_length=40, visible=False)
    drop_zeros = gr.Checkbox(False, label=t("gaze_fields.drop_zeros"), info=t("gaze_fields.drop_zeros_help"))
    log = gr.Checkbox(False, label=t("gaze_fields.log")) if density else None
    shown.input(
        _corner_for,
        shown,
        corner,
        show_progress="hidden",
        api_visibility="private",
        queue=False,
    )
    return GazeFields(units, screen, shown, corner, picture, drop_zeros, log)


def _corner_for(shown: str) -> gr.Textbox:
    """The corner's field is there where it is read; hidden, it is empty."""
    return gr.Textbox(visible=True) if shown == Shown.AT else gr.Textbox("", visible=False)
