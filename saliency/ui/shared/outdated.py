"""Marks results whose fields have changed since.

An answer says which values of the fields it is of; the page compares them with what the fields hold (outdated.js). So
whatever changes a field, an example, a link, a step of the lecture or Undo, and whatever fails, needs no rule of its
own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

import gradio as gr
from gradio.components import Component

ASKED = "The values of the fields that it is of are in asked."  # of schemas


def asked(values: Sequence[Any]) -> list[Any]:
    """The values of fields as an answer repeats them; marks on a stage are repeated as their number."""
    return [
        len(value["fixations"]) if isinstance(value, Mapping) and "fixations" in value else value
        for value in values
        if not isinstance(value, gr.Progress)
    ]


def repeats_asked(handler: Callable[..., Any]) -> Callable[..., Any]:
    """A handler whose result, or the first part of it, repeats the values of the fields."""

    @wraps(handler)
    def answered(*values: Any, **options: Any) -> Any:
        answer = handler(*values, **options)
        view = answer[0] if isinstance(answer, tuple) else answer
        view["asked"] = asked(values)
        return answer

    return answered


def follow(view: Component, fields: Sequence[Component], options: Sequence[Component] = ()) -> None:
    """Sends the page the current values of the fields.

    Args:
        view: what shows the answer.
        fields: the inputs of the handler in their order; the first is the picture.
        options: those that say how uploaded files are read: they count where there is one.
    """
    places = [at for at, field in enumerate(fields) if field in options]
    noted = f"""(...values) => {{
        document.body.fields = {{ ...document.body.fields, "{view.elem_id}": {{ values, options: {places} }} }};
        document.dispatchEvent(new Event("fields-changed"));
    }}"""
    gr.on(
        [field.change for field in fields if hasattr(field, "change")],
        None,
        fields,
        js=noted,
        api_visibility="private",
        show_progress="hidden",
        queue=False,
    )
