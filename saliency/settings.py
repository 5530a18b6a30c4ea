"""The environment variables that this package reads; docs/settings.md has them as a table."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    """What the environment says; None where a variable is missing or empty.

    Attributes:
        checkpoints: folder of the models.
        cache: folder in which scores are stored.
        dataset: folder of the data set that the Errors tab analyses.
        split: the part of it that is analysed.
        maps: maps that other programs wrote for it, ``name:folder; name:folder``.
        data: folder of the data sets that the tests use.
    """

    checkpoints: str | None = None
    cache: str | None = None
    dataset: str | None = None
    split: str | None = None
    maps: str | None = None
    data: str | None = None


def settings() -> Settings:
    """The settings now: each `Settings` attribute is the variable ``SALIENCY_`` and its name in capitals."""
    names = Settings.__dataclass_fields__
    return Settings(**{name: os.environ.get(variable(name)) or None for name in names})


def variable(name: str) -> str:
    """The environment variable of an attribute of `Settings`."""
    return f"SALIENCY_{name.upper()}"
