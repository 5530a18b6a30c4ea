"""Sentences beside the form's three, each with a name of its own, as a Gradio component."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from saliency.errors import TextError
from saliency.ui.shared.component import Component

MOST = 6

# The JSON that the component gives and takes.
SCHEMA: dict[str, Any] = {
    "description": f"At most {MOST} further sentences, each with a name: [{{name, sentence}}].",
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": {"type": "string"}, "sentence": {"type": "string"}},
    },
}


class NamedSentences(Component):
    """A row per sentence, and a button that adds one; at first sight the button alone."""

    def __init__(self, **options: Any):
        super().__init__("named_sentences", most=MOST, **options)

    def api_info(self) -> dict[str, Any]:
        """JSON schema of the value."""
        return SCHEMA


def read_named(value: Any) -> list[tuple[str, str]]:
    """Names and sentences, as the component or a client of the API sends them; blank sentences are left out.

    Raises:
        TextError: it is not what `SCHEMA` describes, or there are more than `MOST`.
    """
    rows = value or []
    if not isinstance(rows, list) or not all(_is_row(row) for row in rows):
        raise TextError("Further sentences are given as a list of names and sentences.")
    written = [(row["name"], row["sentence"].strip()) for row in rows if row["sentence"].strip()]
    if len(written) > MOST:
        raise TextError("At most {most} sentences can have names of their own.", most=MOST)
    return written


def _is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and all(isinstance(row.get(key), str) for key in ("name", "sentence"))
