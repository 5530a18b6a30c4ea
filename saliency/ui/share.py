"""A link that restores the Compare tab: sentences, models, how maps are drawn, and the example shown, if one is.

The lecture fills the forms of several tabs by such links (lecture.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr
from gradio.context import Context

from saliency.ui.examples import Example, examples
from saliency.ui.form import Form
from saliency.ui.guard import guarded
from saliency.ui.texts import t
from saliency.words import MAX_CHARACTERS

_SCRIPT = Path(__file__).with_name("share.js").read_text(encoding="utf-8")
_SENTENCES = ("general", "salient", "non_salient", "sentence")
_FIELDS = 20  # more than a link of ours has


_PRIVATE = {"api_visibility": "private", "show_progress": "hidden", "queue": False}


def build(
    picture: gr.Image,
    boxes: Sequence[gr.Textbox],
    models: gr.CheckboxGroup,
    clickable: Sequence[tuple[gr.Button, Example]],
) -> gr.Textbox:
    """Adds the button and the link to Compare's form.

    Args:
        picture, boxes, models: the form; boxes are the general, the salient and the non-salient sentence.
        clickable: the buttons of the examples.

    Returns:
        The field, hidden, of the title of the example that is shown.
    """
    example = gr.Textbox("", visible="hidden", label=t("share.link"))
    button = gr.Button(t("share.copy"), size="sm", elem_classes="plain")
    link = gr.Textbox(label=t("share.link"), info=t("share.help"), visible=False, interactive=True, elem_id="link")

    for example_button, shown in clickable:
        example_button.click(lambda title=shown.title: title, outputs=example, **_PRIVATE)
    for own in (picture.input, picture.upload, picture.clear):
        own(lambda: "", outputs=example, **_PRIVATE)
    inputs = [link, example, *boxes, models]
    button.click(lambda url, *_: gr.Textbox(url, visible=True), inputs, link, js=script("make"), **_PRIVATE)
    return example


def open_links(form: Form) -> None:
    """Restores Compare's form when the page is opened by a link."""
    address = gr.Textbox("", visible="hidden", label=t("share.link"))
    Context.root_block.load(filler(form), address, form.fields, js=script("opened"), **_PRIVATE).success(
        None, form.picture, js=script("restore"), **_PRIVATE
    )


def filler(form: Form) -> Callable[[str], list[Any]]:
    """The handler that puts what a link says into a form: fields -> values of `form.fields`.

    What a link says nothing of, or nothing that can be meant, stays as it is.
    """
    known = [name for _, name in form.models.choices]

    @guarded
    def fill(fields):
        read = read_link(fields, known)
        chosen = next((example for example in examples() if example.title == read.get("example")), None)
        pictures = form.show(chosen) if chosen else [gr.skip()] * len(form.shown)
        sentences = [read.get(name, gr.skip()) for name in form.sentences]
        models = read.get("models", gr.skip())
        if "models" in read and isinstance(form.models, gr.Radio):
            models = models[0]
        return [*pictures, *sentences, models]

    return fill


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


def script(function: str) -> str:
    """One of share.js's functions, as Gradio takes it."""
    return f"(...values) => {{ {_SCRIPT}\nreturn {function}(...values); }}"
