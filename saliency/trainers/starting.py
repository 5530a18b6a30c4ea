"""The weights a training starts from: files of a trunk or a detector, and earlier runs."""

from __future__ import annotations

from pathlib import Path

import cv2
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import checkpoints
from ..errors import CheckpointError, RecipeError
from ..models.backbones import ResNet50V2
from ..models.text import load_encoder
from .datasets import run_checkpoint, run_folder
from .onnx import convolutions
from .recipe import Start
from .state import epochs_left, run_state


def begin_with(model: nn.Module, start: Start, encoder: str | None = None) -> set[str]:
    """Take over the tensors `start` names; the names they have in `model`.

    Args:
        encoder: name of the text encoder that gives the names of an object detector's classes their states.

    Raises:
        RecipeError: the file or the run does not exist or is of another network, or the run is not finished.
    """
    if start.file is not None:
        try:
            part = model.get_submodule(start.target)
        except AttributeError:
            raise RecipeError(f"The model has no part “{start.target}” that could start from a file.") from None
        if start.file.suffix == ".onnx":
            _begin_objects(part, start.file, encoder)
        else:
            _begin_trunk(part, start.file)
        return {name for name in model.state_dict() if name.startswith(f"{start.target}.")}
    weights = _weights_of(start.run)
    taken = {
        start.target + name.removeprefix(start.source): value.float() if value.is_floating_point() else value
        for name, value in weights.items()
        if name.startswith(start.source)
    }
    own = model.state_dict()
    fitting = {
        name: own[name].lerp(value, start.share) if value.is_floating_point() else value
        for name, value in taken.items()
        if name in own and own[name].shape == value.shape
    }
    if not fitting:
        raise RecipeError(f"Nothing of the run “{start.run}” fits the model to start from it.")
    model.load_state_dict(fitting, strict=False)
    return set(fitting)


def _begin_trunk(trunk: ResNet50V2, file: Path) -> None:
    try:
        weights = load_file(file)
        trunk.start_from(weights)
    except FileNotFoundError:
        raise RecipeError(f"There is no file “{file.name}” to start from.") from None
    except (SafetensorError, ValueError, AttributeError) as error:  # only the ResNet starts from a file
        raise RecipeError(f"The file “{file.name}” holds no weights that the trunk can start from.") from error


def _begin_objects(grounding: nn.Module, file: Path, encoder: str | None) -> None:
    if getattr(grounding, "objects", None) is None:
        raise RecipeError(f"The model has no object detector that could start from “{file.name}”: set “objects: true”.")
    if not file.is_file():
        raise RecipeError(f"There is no file “{file.name}” to start from.")
    try:
        grounding.objects.detector.start_from(convolutions(file))
    except (cv2.error, ValueError) as error:
        raise RecipeError(f"The file “{file.name}” holds no weights of the object detector.") from error
    grounding.naming.start_from(load_encoder(encoder))


def _weights_of(run: str) -> dict[str, Tensor]:
    """Weights of the best epoch of a run here, else of a shipped checkpoint."""
    path = run_folder(run) / "best.safetensors"
    if path.is_file():
        state = run_state(path.parent)
        if state and (left := epochs_left(state)):
            raise RecipeError(f"The run “{run}” to start from lacks {left} of its epochs: train it to its end first.")
        return load_file(path)
    try:
        return checkpoints.load(run_checkpoint(run))[0].state_dict()
    except CheckpointError:
        raise RecipeError(f"There is no run or checkpoint “{run}” to start from: train it first.") from None
