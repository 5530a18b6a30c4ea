"""What a visitor fills in on a tab, and how a tab that is opened takes it over from another."""

from __future__ import annotations

from dataclasses import dataclass

import gradio as gr

from saliency.ui.picture_input import PictureInput

# In the browser alone: an upload is named there by where it lies on the server. What a visitor has chosen here stays.
_TAKE_OVER = """(mine, written, picture, ...sentences) =>
    mine || !picture ? [mine, written] : [picture, written || sentences.find(Boolean) || ""]"""


@dataclass(frozen=True)
class Form:
    """A tab's picture, and its sentences in the order they are taken over."""

    picture: PictureInput
    sentences: tuple[gr.Textbox, ...]


def take_over(opened: gr.Tab, own: Form, other: Form) -> None:
    """A tab opened without a picture gets that of `other`, and its first sentence where none is written.

    Args:
        opened: the tab.
        own: the form on it, with one sentence.
    """
    fields = [own.picture, *own.sentences]
    inputs = [*fields, other.picture, *other.sentences]
    opened.select(None, inputs, fields, js=_TAKE_OVER, show_progress="hidden", api_visibility="private")
