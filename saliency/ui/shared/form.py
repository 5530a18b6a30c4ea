"""The fields of a tab, and how a tab that is opened takes over their values from another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from saliency.ui.shared.cancel_button import CancelButton
from saliency.ui.shared.examples import Example
from saliency.ui.shared.named_sentences import NamedSentences
from saliency.ui.shared.picture_input import PictureButton, PictureInput

# In the browser alone: an upload is named there by where it lies on the server. What a visitor has chosen here stays.
_TAKE_OVER = """(mine, written, picture, ...sentences) =>
    mine || !picture ? [mine, written] : [picture, written || sentences.find(Boolean) || ""]"""


@dataclass(frozen=True)
class Form:
    """A tab's fields.

    Attributes:
        picture: the one that is asked about.
        sentences: by the names that links give them, in the order they are taken over.
        models: the choice of several, or of one.
        named: further sentences with names of their own; None where there are none.
        shown: what an example's picture goes into: `picture`, and what else changes with it.
        show: an example's values for `shown`.
        run: arguments of the event that answers the form; empty where a visitor has something to do before.
        cancel: what ends that event.
    """

    picture: PictureInput | PictureButton
    sentences: Mapping[str, gr.Textbox]
    models: gr.CheckboxGroup | gr.Radio
    shown: Sequence[Component]
    show: Callable[[Example], Sequence[Any]]
    run: Mapping[str, Any] = field(default_factory=dict)
    cancel: CancelButton | None = None
    named: NamedSentences | None = None

    def answered(self, event: Callable[..., Dependency], **options: Any) -> Dependency:
        """Answers the form at an event, as ``button.click`` or ``gr.on`` take one."""
        running = event(**self.run, **options)
        if self.cancel:
            self.cancel.ends(running)
        return running

    def filled_by(
        self,
        clickable: Sequence[tuple[gr.Button, Example]],
        outputs: Sequence[Component],
        values: Callable[[Example], Sequence[Any]],
    ) -> None:
        """Fills fields at a click on an example's button, and answers the form."""

        def filler(example: Example) -> Callable[[], Sequence[Any]]:
            return lambda: values(example)

        for button, example in clickable:
            filled = button.click(
                filler(example), outputs=list(outputs), show_progress="hidden", api_visibility="private"
            )
            self.answered(filled.then, api_visibility="private")

    @property
    def fields(self) -> list[Component]:
        """All that a link can restore."""
        return [*self.shown, *self.written, self.models]

    @property
    def written(self) -> list[Component]:
        """The sentences, those with names of their own last."""
        return [*self.sentences.values(), *([self.named] if self.named else [])]


def take_over(opened: gr.Tab, own: Form, other: Form) -> None:
    """A tab opened without a picture gets that of `other`, and its first sentence where none is written.

    Args:
        opened: the tab.
        own: the form on it, with one sentence.
    """
    fields = [own.picture, *own.sentences.values()]
    inputs = [*fields, other.picture, *other.sentences.values()]
    opened.select(None, inputs, fields, js=_TAKE_OVER, show_progress="hidden", api_visibility="private")
