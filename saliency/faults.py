"""The first fault of a file that pydantic refuses, for a sentence about it."""

from __future__ import annotations

from typing import NamedTuple

from pydantic import ValidationError


class Fault(NamedTuple):
    """A fault of a file.

    Attributes:
        key: dotted, empty for the whole file.
        reason: of pydantic, or of the check that failed.
        unknown: whether the key is none that is known.
    """

    key: str
    reason: str
    unknown: bool

    def __str__(self) -> str:
        return f"{self.key}: {self.reason}" if self.key else self.reason


def first_fault(error: ValidationError) -> Fault:
    """The first fault that pydantic found."""
    first = error.errors()[0]
    key = ".".join(map(str, first["loc"]))
    return Fault(key, first["msg"].removeprefix("Value error, "), first["type"] == "extra_forbidden")
