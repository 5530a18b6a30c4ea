"""Sentences as they are predicted for: white space and control characters normalised, length checked."""

from __future__ import annotations

import unicodedata

from .errors import TextError
from .models.text import MAX_CHARACTERS


def clean(sentence: str) -> str:
    """The sentence with single spaces and without control and damaged characters.

    Raises:
        TextError: it is not text, or is longer than `MAX_CHARACTERS`.
    """
    if not isinstance(sentence, str):
        raise TextError("A sentence must be text.")
    if len(sentence) > MAX_CHARACTERS:
        raise TextError(
            "The sentence has {count:,} characters; at most {most:,} are read.",
            count=len(sentence),
            most=MAX_CHARACTERS,
        )
    characters = (c for c in sentence if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
    return " ".join("".join(characters).split())
