"""The text conditions: what a person had read before looking at the picture."""

from __future__ import annotations

from enum import StrEnum


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
    def title(self) -> str:
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
