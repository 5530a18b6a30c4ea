"""The environment variables that this package reads; docs/settings.md has them as a table."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_cache_path


@dataclass(frozen=True)
class Settings:
    """What the environment says; None where a variable is missing or empty.

    Attributes:
        checkpoints: folder of the models.
        cache: folder in which scores and graphs are stored.
        dataset: folder of the data set that the Errors tab analyses.
        split: the part of it that is analysed.
        maps: maps that other programs wrote for it, ``name:folder; name:folder``.
        data: folder of the data sets that the tests use.
        fast: ``off`` computes without OpenVINO where it is installed.
        read_seconds: seconds of the processor that reading a file may take.
        read_megabytes: megabytes of memory that reading a file may take, on Linux; other systems know no such limit.
    """

    checkpoints: str | None = None
    cache: str | None = None
    dataset: str | None = None
    split: str | None = None
    maps: str | None = None
    data: str | None = None
    fast: str | None = None
    read_seconds: str | None = None
    read_megabytes: str | None = None


def settings() -> Settings:
    """The settings now: each `Settings` attribute is the variable ``SALIENCY_`` and its name in capitals."""
    names = Settings.__dataclass_fields__
    return Settings(**{name: os.environ.get(variable(name)) or None for name in names})


def variable(name: str) -> str:
    """The environment variable of an attribute of `Settings`."""
    return f"SALIENCY_{name.upper()}"


def read_limits() -> tuple[float, float]:
    """Seconds, and megabytes of memory, that reading a file may take.

    Raises:
        ValueError: a setting is no positive number.
    """
    now = settings()
    return _positive("read_seconds", now.read_seconds, 4), _positive("read_megabytes", now.read_megabytes, 1024)


def _positive(name: str, value: str | None, default: float) -> float:
    try:
        number = default if value is None else float(value)
    except ValueError:
        number = 0
    if not 0 < number < math.inf:
        raise ValueError(f"{variable(name)} must be a positive number.")
    return number


def cache_folder() -> Path:
    """What may be made again: ``$SALIENCY_CACHE``, else ``saliency`` in the user's cache folder on this system."""
    chosen = settings().cache
    return Path(chosen) if chosen else user_cache_path("saliency", appauthor=False)
