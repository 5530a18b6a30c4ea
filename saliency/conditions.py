"""The text conditions: what a person read before viewing the picture."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum
from typing import TypeVar

from .errors import TextError

LONGEST_NAME = 40
_FOR_FILES = re.compile(r'[\x00-\x1f\x7f/\\\\:*?"<>|]')  # files of maps are called by their condition

T = TypeVar("T")


class Condition(StrEnum):
    """A text condition of SJTU-TIS (Sun et al., ISCAS 2023).

    `PURE` is the picture alone. The other conditions differ in what the sentence describes. The value is the name used
    in tables, files and on the command line; :attr:`suffix` is the data set's file-name suffix.

    Example:
        >>> Condition("non_salient").title, Condition.SALIENT.suffix, Condition.PURE.reads_text
        ('Non-salient', '_3', False)
    """

    PURE = "pure"
    GENERAL = "general"
    WHOLE = "whole"
    SALIENT = "salient"
    NON_SALIENT = "non_salient"

    @property
    def suffix(self) -> str:
        """Suffix of a sample's file stem in the public release of SJTU-TIS, e.g. ``_3`` for salient."""
        return _SUFFIXES[self]

    @property
    def title(self) -> str:  # type: ignore[override]  # not the method of strings
        """Name for people, e.g. ``Non-salient``."""
        return _TITLES[self]

    @property
    def reads_text(self) -> bool:
        """Whether a sentence was read; false for `PURE` only."""
        return self is not Condition.PURE


_SUFFIXES = {
    Condition.PURE: "_0",
    Condition.GENERAL: "_1",
    Condition.WHOLE: "",
    Condition.SALIENT: "_3",
    Condition.NON_SALIENT: "_2",
}

_TITLES = {
    Condition.PURE: "Pure",
    Condition.GENERAL: "General",
    Condition.WHOLE: "Whole scene",
    Condition.SALIENT: "Salient",
    Condition.NON_SALIENT: "Non-salient",
}

# What the app and the command line compare; `whole` belongs to the benchmark's other half of the pictures.
COMPARED = (Condition.PURE, Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)


class NamedCondition(str):
    """A sentence with a name of its own, such as “wording A”, beside the standard conditions.

    As with a :class:`Condition`, the value is the name in tables, files and on the command line.
    """

    @property
    def value(self) -> str:
        """The name."""
        return str(self)

    @property
    def title(self) -> str:  # type: ignore[override]  # not the method of strings
        """The name, which people gave it."""
        return str(self)

    @property
    def reads_text(self) -> bool:
        """True."""
        return True


AnyCondition = Condition | NamedCondition

_STANDARD = {name.casefold(): condition for condition in Condition for name in (condition.value, condition.title)}


def condition_named(name: str) -> AnyCondition:
    """The standard condition of this value or title, in any case; otherwise a condition of its own.

    Raises:
        TextError: the name is empty, longer than `LONGEST_NAME` characters, or has a character that file names lack.
    """
    if isinstance(name, Condition):
        return name
    name = name.strip()
    if name.casefold() in _STANDARD:
        return _STANDARD[name.casefold()]
    if not name or len(name) > LONGEST_NAME:
        raise TextError("The name of a sentence has 1 to {most} characters.", most=LONGEST_NAME)
    if _FOR_FILES.search(name):
        raise TextError(
            "The name “{name}” cannot name files; please leave out {characters}.",
            name=name,
            characters='/ \\ : * ? " < > |',
        )
    return NamedCondition(name)


def by_condition(values: Iterable[tuple[str, T]]) -> dict[AnyCondition, T]:
    """Pairs of a name and a value as values by condition.

    Raises:
        TextError: a name is none, or two are the same but for upper and lower case.
    """
    found: dict[AnyCondition, T] = {}
    taken: set[str] = set()
    for name, value in values:
        condition = condition_named(name)
        if condition.casefold() in taken:
            raise TextError("Two sentences have the name “{name}”.", name=condition.title)
        taken.add(condition.casefold())
        found[condition] = value
    return found
