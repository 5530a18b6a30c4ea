"""Initial weights of a training run: files of a trunk or a detector, and earlier runs."""

from __future__ import annotations

from pathlib import Path

import cv2
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import checkpoints
from ..errors import CheckpointError, RecipeError
from .onnx import convolutions
from .recipe import Start
from .runs import refuse_unfinished, run_checkpoint, run_folder


def load_initial_weights(model: nn.Module, start: Start, encoder: str | None = None) -> set[str]:
    """Load the tensors that `start` names; returns their names in `model`.

    Args:
        encoder: name of the text encoder that encodes the class names of an object detector.

    Raises:
        RecipeError: the file or the run does not exist or is of another network, or the run is not finished.
        HubUnavailableError: public weights are not on this machine and could not be fetched.
    """
    if start.run is None:
        try:
            part = model.get_submodule(start.target)
        except AttributeError:
            raise RecipeError(f"The model has no part “{start.target}” that could start from public weights.") from None
        names = _fetch(part, start.target) if start.file is None else initialise(part, start.file, encoder)
        return {f"{start.target}.{name}".removeprefix(".") for name in names}
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


def initialise(part: nn.Module, file: Path, text_encoder: str | None) -> set[str]:
    """Let `part` start from a file of pre-trained weights by its ``start_from``; names of its loaded tensors.

    Raises:
        RecipeError: there is no such file, or the part cannot start from it.
    """
    read = convolutions if file.suffix == ".onnx" else load_file
    if not file.is_file():
        raise RecipeError(f"There is no file “{file.name}” to start from.")
    if not hasattr(part, "start_from"):
        raise RecipeError(f"The part of the model that “{file.name}” is for starts from no file.")
    try:
        return part.start_from(read(file), text_encoder)
    except (cv2.error, SafetensorError, ValueError) as error:
        raise RecipeError(f"“{file.name}” has no weights that this part of the model can start from.") from error


def _fetch(part: nn.Module, name: str) -> set[str]:
    """Let `part` start from its public weights; names of its loaded tensors."""
    if not hasattr(part, "start_from_hub"):
        raise RecipeError(f"The part “{name}” of the model has no public weights on the hub.")
    return part.start_from_hub()


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
