"""What is drawn in the browser: Gradio components made of a template, a style sheet and a script of one name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr

from saliency.ui.shared import texts

FOLDER = Path(__file__).parents[1]


class Component(gr.HTML):
    """NAME.html, NAME.css and NAME.js as a component, with drawing.css, drawing.js and the texts of NAME.texts.yaml.

    The files lie in the folder of their tab or part of the page; no name occurs twice.

    Its value is one JSON object; what the component makes of it happens in the browser.

    Args:
        name: of the files.
        scripts: names of further scripts that stand between drawing.js and NAME.js, with their style sheets, if any.
        options: of `gr.HTML`.
    """

    def __init__(self, name: str, *, scripts: Sequence[str] = (), **options: Any):
        parts = ("drawing", *scripts, name)
        words = f"const TEXTS = {json.dumps(texts.section(name))};"
        super().__init__(
            value=None,
            html_template=source(f"{name}.html"),
            css_template="\n".join(source(f"{part}.css") for part in parts if f"{part}.css" in _files()),
            js_on_load="\n".join((words, *(source(f"{part}.js") for part in parts))),
            apply_default_css=False,
            **options,
        )


@cache
def _files() -> dict[str, Path]:
    return {path.name: path for path in FOLDER.rglob("*") if path.suffix in (".html", ".css", ".js")}


def source(file: str) -> str:
    """The text of a component's file, wherever it lies below `FOLDER`."""
    return _files()[file].read_text(encoding="utf-8")
