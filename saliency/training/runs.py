"""Runs on disk: their folders, checkpoints and states, and the identity by which one can be resumed."""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from ..errors import RecipeError
from .recipe import Recipe

RUNS = Path("runs")
STATE, STATE_BEFORE = "state.pt", "state.before.pt"
HISTORY = "history.jsonl"

_logger = logging.getLogger(__name__)

_CARD_ONLY_OF_DATA = {"use", "terms"}
CARD_ONLY: dict[str, Any] = {
    "limits": True,
    "start": {"__all__": {"note"}},
    "validation": _CARD_ONLY_OF_DATA,
    "stages": {"__all__": {"data": {"__all__": _CARD_ONLY_OF_DATA}}},
}


def run_folder(name: str) -> Path:
    """The folder of the run of this name."""
    return RUNS / name


def run_history(name: str) -> list[dict[str, Any]]:
    """The epochs of a run in their order: epoch, stage, training (terms of the loss) and validation (scores)."""
    lines = (run_folder(name) / HISTORY).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def run_checkpoint(name: str) -> Path | str:
    """The checkpoint of a run here, else, where none was begun, the name of a shipped one.

    Raises:
        RecipeError: the run here has not ended.
    """
    path = run_folder(name) / f"{name}.safetensors"
    refuse_unfinished(name)
    if not path.is_file() and run_state(path.parent):
        raise RecipeError(f"The run “{name}” broke off before it wrote its checkpoint: train it to its end first.")
    return path if path.is_file() else name


def refuse_unfinished(name: str) -> None:
    """Raises `RecipeError` where a run of this name is here and lacks epochs."""
    state = run_state(run_folder(name))
    if state and (left := epochs_left(state)):
        raise RecipeError(f"The run “{name}”, which this one builds on, lacks {left} of its epochs: train it first.")


def identity(recipe: Recipe) -> dict[str, Any]:
    """The recipe without card-only fields. A run can be resumed if it is unchanged."""
    return recipe.model_dump(mode="json", exclude=CARD_ONLY)


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
    """The state a run wrote after its last epoch, None without one; tensors are mapped to the CPU and read on use.

    Where it is damaged, the state of the epoch before, which is logged.

    Raises:
        RecipeError: both are damaged, or there is no other.
    """
    paths = [path for path in (folder / STATE, folder / STATE_BEFORE) if path.is_file()]
    for path in paths:
        try:
            return torch.load(path, weights_only=True, mmap=True, map_location="cpu")
        except Exception as error:  # damaged files raise nearly anything
            _logger.warning("The state “%s” of the run “%s” is damaged (%s).", path.name, folder.name, error)
    if paths:
        raise RecipeError(f"The state of the run in “{folder.name}” is damaged: move it away to begin the run anew.")
    return None


def write_state(draft: Path, folder: Path, state: Mapping[str, Any]) -> None:
    """Writes a state to `draft`, which will replace that of the run in `folder`; that is kept as the one before.

    Of a run that is killed in between, only the one before is there; it is as good.
    """
    with draft.open("wb") as file:  # PyTorch's own would not say that the disk is full
        torch.save(state, file)
    if (folder / STATE).is_file():
        (folder / STATE).replace(folder / STATE_BEFORE)


def revision() -> str:
    """Commit of the code, with a mark where files differ from it; empty outside a checkout."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
