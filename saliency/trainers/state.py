"""What a run has written of itself after its last epoch, and what it is known by."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from .recipe import Recipe

_TOLD = {"use", "terms"}  # of data
ONLY_TOLD = {
    "limits": True,
    "start": {"__all__": {"note"}},
    "validation": _TOLD,
    "stages": {"__all__": {"data": {"__all__": _TOLD}}},
}


def identity(recipe: Recipe) -> dict[str, Any]:
    """A recipe without what only the card says: what a run must be of to be gone on with."""
    return recipe.model_dump(mode="json", exclude=ONLY_TOLD)


def is_of(state: dict[str, Any], recipe: Recipe) -> bool:
    """Whether a run's state is of `recipe`; what recipes did not have when it was written has its default."""
    try:
        return identity(Recipe.model_validate(state.get("recipe"))) == identity(recipe)
    except ValidationError:
        return False


def epochs_left(state: dict[str, Any]) -> int:
    """So many epochs a run of this state still lacks."""
    return sum(stage["epochs"] for stage in state["recipe"]["stages"]) - state["done"]


def run_state(folder: Path) -> dict[str, Any] | None:
    """What a run has written after its last epoch, None where nothing; its tensors, which wait for the processor
    whatever learned them, are read when they are used."""
    path = folder / "state.pt"
    return torch.load(path, weights_only=True, mmap=True, map_location="cpu") if path.is_file() else None


def revision() -> str:
    """Commit of the code, with a mark where files differ from it; empty outside a checkout."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
