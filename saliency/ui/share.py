"""A link that restores the Compare tab: sentences, models, how maps are drawn, and the example shown, if one is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
from gradio.context import Context

from saliency.ui.examples import Example
from saliency.ui.guard import guarded
from saliency.ui.texts import t
from saliency.words import MAX_CHARACTERS

_SCRIPT = Path(__file__).with_name("share.js").read_text(encoding="utf-8")
_SENTENCES = ("general", "salient", "non_salient")
_FIELDS = 20  # more than a link of ours has


def build(
    picture: gr.Image,
    boxes: Sequence[gr.Textbox],
    models: gr.CheckboxGroup,
    clickable: Sequence[tuple[gr.Button, Example]],
) -> None:
    """Adds the button and the link, and restores the form when the page is opened by one.

    Args:
        picture, boxes, models: the form; boxes are the general, the salient and the non-salient sentence.
        clickable: the buttons of the examples.
    """
    known = [name for _, name in models.choices]
    by_title = {example.title: example for _, example in clickable}

    @guarded
    def opened(fields):
        read = read_link(fields, known)
        example = by_title.get(read.get("example"))
        sentences = [read.get(name, gr.skip()) for name in _SENTENCES]
        shown = str(example.picture) if example else gr.skip()
        return shown, *sentences, read.get("models", gr.skip()), example.title if example else ""

    example = gr.Textbox("", visible="hidden", label=t("share.link"))  # the title of the example that is shown
    button = gr.Button(t("share.copy"), size="sm", elem_classes="plain")
    link = gr.Textbox(label=t("share.link"), info=t("share.help"), visible=False, interactive=True, elem_id="link")

    private = {"api_visibility": "private", "show_progress": "hidden", "queue": False}
    for example_button, shown in clickable:
        example_button.click(lambda title=shown.title: title, outputs=example, **private)
    for own in (picture.input, picture.upload, picture.clear):
        own(lambda: "", outputs=example, **private)
    inputs = [link, example, *boxes, models]
    button.click(lambda url, *_: gr.Textbox(url, visible=True), inputs, link, js=_script("make"), **private)
    restored = [picture, *boxes, models, example]
    Context.root_block.load(opened, example, restored, js=_script("opened"), **private).success(
        None, picture, js=_script("restore"), **private
    )


def read_link(fields: str, models: Sequence[str]) -> Mapping[str, Any]:
    """What a link says, where it can be meant: anybody can write one.

    Args:
        fields: behind the address's #, as a query is written.
        models: names of the models there are.

    Returns:
        ``example``, a title that is to be looked up; the sentences, none too long; ``models``, all of them known. What
        is missing, unknown or too much is left out.
    """
    try:
        said = dict(parse_qsl(fields or "", keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        return {}
    read: dict[str, Any] = {
        name: said[name] for name in _SENTENCES if len(said.get(name, "")) <= MAX_CHARACTERS and name in said
    }
    chosen = [name for name in models if name in said.get("models", "").split()]
    if chosen:
        read["models"] = chosen
    if said.get("example"):
        read["example"] = said["example"]
    return read


def _script(function: str) -> str:
    """One of share.js's functions, as Gradio takes it."""
    return f"(...values) => {{ {_SCRIPT}\nreturn {function}(...values); }}"
