"""What is drawn in the browser: Gradio components made of a template, a style sheet and a script of one name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from saliency.ui import texts

FOLDER = Path(__file__).parent


class Component(gr.HTML):
    """NAME.html, NAME.css and NAME.js of this folder as a component, with drawing.css, drawing.js and the texts of
    NAME.yaml.

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
            html_template=_read(name, "html"),
            css_template="\n".join(_read(part, "css") for part in parts if (FOLDER / f"{part}.css").is_file()),
            js_on_load="\n".join((words, *(_read(part, "js") for part in parts))),
            apply_default_css=False,
            **options,
        )


def _read(name: str, kind: str) -> str:
    return (FOLDER / f"{name}.{kind}").read_text(encoding="utf-8")
