"""Sentences for users: English by themselves, translated by the app."""

from __future__ import annotations

from typing import Any


class Message(str):
    """A sentence in English that keeps what it is made of; everywhere else it is a string like any other.

    Attributes:
        template: with its values as fields of `str.format`; by it a translation is found.
        values: by the fields' names. A message among them is translated, too, and so is a `Condition`.
    """

    template: str
    values: dict[str, Any]

    def __new__(cls, template: str, /, **values: Any) -> Message:
        """A message of a template and its values."""
        # Without values it is taken as it is: braces that a user wrote are no fields.
        message = super().__new__(cls, template.format(**values) if values else template)
        message.template, message.values = template, values
        return message

    def __getnewargs_ex__(self) -> tuple[tuple[str], dict[str, Any]]:
        """A copy, or what another process gets, is made of the same."""
        return (self.template,), self.values
