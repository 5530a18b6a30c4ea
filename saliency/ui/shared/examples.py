"""The example pictures and the sentences that belong to them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import gradio as gr
from gradio.i18n import I18nData

from saliency.resources import resource
from saliency.ui.shared.texts import t

FOLDER = resource("assets/examples")


@dataclass(frozen=True)
class Example:
    """A picture and its sentences; licences are in assets/LICENCES.md. Links name it by its title."""

    title: str
    picture: Path
    general: str
    salient: str
    non_salient: str

    @property
    def label(self) -> I18nData:
        """The title in the visitor's language."""
        return t(f"examples.{self.title}")

    @property
    def thumbnail(self) -> Path:
        """The picture cropped to 168x126, for its button: the pictures themselves would be half of a first visit."""
        return self.picture.parent / "thumbnails" / self.picture.name


def examples(folder: Path = FOLDER) -> list[Example]:
    """The examples of `folder`/examples.json; none where there is no such file."""
    index = folder / "examples.json"
    if not index.exists():
        return []
    entries = json.loads(index.read_text(encoding="utf-8"))
    return [Example(**(entry | {"picture": folder / entry["picture"]})) for entry in entries]


def example_buttons() -> list[tuple[gr.Button, Example]]:
    """A row with one button per example."""
    with gr.Row(elem_classes="examples"):
        return [(gr.Button(example.label, icon=example.thumbnail, size="sm"), example) for example in examples()]
