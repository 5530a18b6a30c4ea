"""The state of a run on disk, and the identity by which it can be resumed."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from .recipe import RENAMED_RUNS, Recipe

_CARD_ONLY_OF_DATA = {"use", "terms"}  # of data
CARD_ONLY = {
    "limits": True,
    "start": {"__all__": {"note"}},
    "validation": _CARD_ONLY_OF_DATA,
    "stages": {"__all__": {"data": {"__all__": _CARD_ONLY_OF_DATA}}},
}


def identity(recipe: Recipe) -> dict[str, Any]:
    """The recipe without card-only fields, runs by their present names. A run can be resumed if it is unchanged."""
    dumped = recipe.model_dump(mode="json", exclude=CARD_ONLY)
    for entry, key in ((dumped, "name"), *((start, "run") for start in dumped["start"])):
        entry[key] = RENAMED_RUNS.get(entry[key], entry[key])
    return dumped


def is_of(state: dict[str, Any], recipe: Recipe) -> bool:
    """Whether a run's state belongs to `recipe`; fields that are newer than the state have their defaults."""
    try:
        return identity(Recipe.model_validate(state.get("recipe"))) == identity(recipe)
    except ValidationError:
        return False


def epochs_left(state: dict[str, Any]) -> int:
    """Number of epochs that a run of this state still lacks."""
    return sum(stage["epochs"] for stage in state["recipe"]["stages"]) - state["done"]


def run_state(folder: Path) -> dict[str, Any] | None:
    """The state a run wrote after its last epoch, None without one; tensors are mapped to the CPU and read on use."""
    path = folder / "state.pt"
    return torch.load(path, weights_only=True, mmap=True, map_location="cpu") if path.is_file() else None


def revision() -> str:
    """Commit of the code, with a mark where files differ from it; empty outside a checkout."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
