"""Sentences as they are predicted for: white space and control characters normalised, length checked."""

from __future__ import annotations

import unicodedata

from .errors import TextError

MAX_CHARACTERS = 5_000
"""A longer sentence is refused: it is beyond every encoder's limit and would only cost time."""


def check_sentence(sentence: str) -> None:
    """Raises `TextError` where a sentence is not text, or is longer than `MAX_CHARACTERS`."""
    if not isinstance(sentence, str):
        raise TextError("A sentence must be text.")
    if len(sentence) > MAX_CHARACTERS:
        raise TextError(
            "The sentence has {count:,} characters; at most {most:,} are read.",
            count=len(sentence),
            most=MAX_CHARACTERS,
        )


def clean(sentence: str) -> str:
    """The sentence with single spaces and without control and damaged characters.

    Raises:
        TextError: as `check_sentence`.
    """
    check_sentence(sentence)
    characters = (c for c in sentence if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join("".join(characters).split())
