"""Gradio components that are drawn in the browser: a template, a style sheet and a script of one name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from saliency.ui.shared import texts

FOLDER = Path(__file__).parents[1]


_SHARED = ("drawing", "tables", "outdated")  # once in the page, for all components
# A component's own style sheet has the rank of its id; so has the shared one, which stands before it.
_SHARED_SCOPE = ":is(#shared, .html-container .drawn)"


class Component(gr.HTML):
    """NAME.html, NAME.css and NAME.js as a component, with the texts of NAME.texts.yaml.

    The files lie in the folder of their tab or part of the page; no name occurs twice. What components share is in the
    page's head, see `shared_head`. The value is one JSON object; what the component makes of it happens in the browser.

    Args:
        name: of the files.
        scripts: names of further scripts that stand before NAME.js.
        options: of `gr.HTML`.
    """

    def __init__(self, name: str, *, scripts: Sequence[str] = (), elem_classes: str = "", **options: Any):
        own = f"const TEXTS = {{ ...COMMON, ...{_json(texts.own(name))} }};"
        words = "const text = textsIn(TEXTS);\nfillWords(element, text);"
        super().__init__(
            value=None,
            html_template=source(f"{name}.html"),
            css_template=source(f"{name}.css") if f"{name}.css" in _files() else "",
            js_on_load="\n".join((own, words, *(source(f"{part}.js") for part in (*scripts, name)))),
            apply_default_css=False,
            elem_classes=["drawn", *elem_classes.split()],
            **options,
        )


def shared_script() -> str:
    """The functions that the components' scripts call, and the texts that several of them use."""
    return "\n".join((f"const COMMON = {_json(texts.own('common'))};", *(source(f"{name}.js") for name in _SHARED)))


def shared_head() -> str:
    """Scripts and texts of the components in the page's head."""
    sheets = "\n".join(source(f"{name}.css") for name in _SHARED)
    return f"<style>{_SHARED_SCOPE} {{\n{sheets}\n}}</style>\n<script>\n{shared_script()}\n</script>"


@cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in FOLDER.rglob("*") if path.suffix in (".html", ".css", ".js")}


def source(file: str) -> str:
    """The text of a component's file, wherever it lies below `FOLDER`."""
    return _files()[file].read_text(encoding="utf-8")


def _json(value: Any) -> str:
    """For a script inside of a page, which a tag in a text must not end."""
    return json.dumps(value).replace("</", "<\\/")
