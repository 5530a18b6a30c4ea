"""Initial weights of a training run: files of a trunk or a detector, and earlier runs."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import checkpoints
from ..errors import CheckpointError, RecipeError
from ..models.backbones import ResNet50V2, TimmTrunk
from ..models.text import load_encoder
from .datasets import refuse_unfinished, run_checkpoint, run_folder
from .onnx import convolutions
from .recipe import Start


def load_initial_weights(model: nn.Module, start: Start, encoder: str | None = None) -> set[str]:
    """Load the tensors that `start` names; returns their names in `model`.

    Args:
        encoder: name of the text encoder that encodes the class names of an object detector.

    Raises:
        RecipeError: the file or the run does not exist or is of another network, or the run is not finished.
    """
    if start.file is not None:
        try:
            part = model.get_submodule(start.target)
        except AttributeError:
            raise RecipeError(f"The model has no part “{start.target}” that could start from a file.") from None
        begin = partial(_load_detector, encoder=encoder) if start.file.suffix == ".onnx" else _load_trunk
        return {f"{start.target}.{name}" for name in begin(part, start.file)}
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


def _load_trunk(trunk: ResNet50V2 | TimmTrunk, file: Path) -> set[str]:
    """Names of the loaded tensors."""
    try:
        weights = load_file(file)
        return trunk.start_from(weights)
    except FileNotFoundError:
        raise RecipeError(f"There is no file “{file.name}” to start from.") from None
    except (SafetensorError, ValueError, AttributeError) as error:  # not every trunk starts from a file
        raise RecipeError(f"The file “{file.name}” holds no weights that the trunk can start from.") from error


def _load_detector(grounding: nn.Module, file: Path, encoder: str | None) -> set[str]:
    """Names of the loaded tensors."""
    if getattr(grounding, "objects", None) is None:
        raise RecipeError(f"The model has no object detector that could start from “{file.name}”: set “objects: true”.")
    if not file.is_file():
        raise RecipeError(f"There is no file “{file.name}” to start from.")
    try:
        grounding.objects.detector.start_from(convolutions(file))
    except (cv2.error, ValueError) as error:
        raise RecipeError(f"The file “{file.name}” holds no weights of the object detector.") from error
    grounding.naming.start_from(load_encoder(encoder))
    return {"naming.names"} | {name for name in grounding.state_dict() if name.startswith("objects.")}


def _weights_of(run: str) -> dict[str, Tensor]:
    """Weights of the best epoch of a run here, else of a shipped checkpoint."""
    path = run_folder(run) / "best.safetensors"
    refuse_unfinished(run)
    if path.is_file():
        return load_file(path)
    try:
        return checkpoints.load(run_checkpoint(run))[0].state_dict()
    except CheckpointError as error:
        raise RecipeError(f"There is no run “{run}” to start from: train it first. {error}") from None
