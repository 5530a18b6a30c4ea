"""Links that restore a tab's form: sentences, models, how maps are drawn, and the example shown, if one is.

The lecture fills the forms of several tabs by such links (lecture.py), and the page's address is one (address.py).
"""

from __future__ import annotations

import filecmp
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from saliency.ui.shared.component import Component
from saliency.ui.shared.examples import examples
from saliency.ui.shared.form import Form
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.named_sentences import MOST
from saliency.ui.shared.texts import t
from saliency.words import MAX_CHARACTERS

_SCRIPT = Path(__file__).with_name("share.js").read_text(encoding="utf-8")
_SENTENCES = ("general", "salient", "non_salient", "sentence")
_NAMED = "own."  # before the name of a sentence
_FIELDS = 32  # more than a link of ours has


PRIVATE = {"api_visibility": "private", "show_progress": "hidden", "queue": False}


class ExampleTitle(gr.Textbox):
    """A hidden field: the title of the example that a picture field shows, empty where it shows another picture."""

    is_template = True  # drawn by Gradio's text box


def titled(picture: gr.Image) -> ExampleTitle:
    """Adds the field that follows `picture`."""
    title = ExampleTitle("", visible="hidden", label=t("copy_link.example"))
    picture.change(title_of, picture, title, trigger_mode="always_last", **PRIVATE)
    return title


def title_of(picture: str | None) -> str:
    """Title of the example that is the picture at a path; empty where none is."""
    if not picture or not Path(picture).is_file():
        return ""
    same = (example for example in examples() if filecmp.cmp(example.picture, picture, shallow=False))
    return next((example.title for example in same), "")


def build(picture: gr.Image) -> ExampleTitle:
    """Adds the button that copies the link to Compare's form; returns the title of the example shown in `picture`."""
    title = titled(picture)
    Component("copy_link", elem_id="copy-link")
    return title


def filler(form: Form) -> Callable[[str], list[Any]]:
    """The handler that fills a form from a link: fields -> values of `form.fields`.

    What a link says nothing of, or nothing that can be meant, stays as it is.
    """
    known = [name for _, name in form.models.choices]

    @guarded
    def fill(fields):
        read = read_link(fields, known)
        chosen = next((example for example in examples() if example.title == read.get("example")), None)
        pictures = form.show(chosen) if chosen else [gr.skip()] * len(form.shown)
        sentences = [read.get(name, gr.skip()) for name in form.sentences]
        if form.named:
            unnamed = [] if any(name in read for name in form.sentences) else gr.skip()
            sentences.append(read.get("named", unnamed))
        models = read.get("models", gr.skip())
        if "models" in read and isinstance(form.models, gr.Radio):
            models = models[0]
        return [*pictures, *sentences, models]

    return fill


def read_link(fields: str, models: Sequence[str]) -> Mapping[str, Any]:
    """The values in a link that are valid: anybody can write one.

    Args:
        fields: behind the address's #, as a query is written.
        models: names of the models there are.

    Returns:
        ``example``, a title that is to be looked up; the sentences, none too long; ``named``, those with names of
        their own, as `named_sentences.SCHEMA` has them; ``models``, all of them known. What is missing, unknown or too
        much is left out.
    """
    try:
        given = dict(parse_qsl(fields or "", keep_blank_values=True, max_num_fields=_FIELDS))
    except ValueError:
        return {}
    read: dict[str, Any] = {
        name: given[name] for name in _SENTENCES if len(given.get(name, "")) <= MAX_CHARACTERS and name in given
    }
    chosen = [name for name in models if name in given.get("models", "").split()]
    if chosen:
        read["models"] = chosen
    named = [
        {"name": name.removeprefix(_NAMED), "sentence": sentence[:MAX_CHARACTERS]}
        for name, sentence in given.items()
        if name.startswith(_NAMED)
    ][:MOST]
    if named:
        read["named"] = named
    if given.get("example"):
        read["example"] = given["example"]
    return read


def script(function: str, *before: Any) -> str:
    """One of share.js's functions, as Gradio takes it; it gets the values `before` in front of its inputs."""
    first = "".join(f"{json.dumps(value)}, " for value in before)
    return f"(...values) => {{ {_SCRIPT}\nreturn {function}({first}...values); }}"
