"""The kinds of training there are, and a whole run from a recipe to a checkpoint with its card."""

from __future__ import annotations

import subprocess
from collections import defaultdict
from pathlib import Path

import cv2
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from .. import checkpoints
from ..checkpoints import DataUse, Description
from ..errors import CheckpointError, RecipeError
from ..models import registry
from ..models.backbones import ResNet50V2
from ..models.grounding import CLOSER
from ..models.spec import Preprocessing
from ..models.text import load_encoder
from .adversarial import Adversarial
from .datasets import RUNS, run_checkpoint
from .grounding import GroundingMethod, build_model
from .loop import Method, Run
from .onnx import convolutions
from .recipe import Recipe, Start
from .subjects import SubjectMethod
from .supervised import Supervised

# Methods that train a part of models, not a model: there is no checkpoint at their end.
PARTS = {"grounding": GroundingMethod, "subjects": SubjectMethod}
METHODS = {"supervised": Supervised, "adversarial": Adversarial} | PARTS


def build_method(recipe: Recipe) -> Method:
    """The method of `recipe` with a freshly initialised model that holds the weights it starts from."""
    kind = method_of(recipe)
    torch.manual_seed(recipe.seed)
    # Parts have the pictures and the text of the model they are made for.
    preset = registry.preset(recipe.model, recipe.preset)
    method = kind(recipe, _model(recipe), preprocessing(recipe), preset.text_encoder)
    filled = set().union(*(begin_with(method.model, start, preset.text_encoder) for start in recipe.start))
    missing = sorted(method.model.state_dict().keys() - filled)
    if not recipe.stages and missing:
        raise RecipeError(f"Nothing is trained, and the recipe starts without weights for “{missing[0]}”.")
    return method


def method_of(recipe: Recipe) -> type[Method]:
    """The method of `recipe`.

    Raises:
        RecipeError: there is none of this name, or it does not know what a stage asks for.
    """
    if recipe.method not in METHODS:
        raise RecipeError(f"There is no method “{recipe.method}”. There are: {', '.join(METHODS)}.")
    kind = METHODS[recipe.method]
    for stage in recipe.stages:
        stage.chosen(kind.options)
        for term in stage.loss:
            if term not in kind.terms:
                known = ", ".join(kind.terms)
                raise RecipeError(f"The recipe's loss has an unknown term “{term}”. There are: {known}.")
        for name, value in vars(stage.augmentation).items():
            if value and name not in kind.augmentations:
                raise RecipeError(f"The method “{recipe.method}” knows no “{name}” of pictures.")
    return kind


def _model(recipe: Recipe) -> nn.Module:
    try:
        if recipe.method in PARTS:
            return build_model(**recipe.config)
        return registry.create(recipe.model, recipe.preset, **recipe.config)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"The recipe's “config” does not fit its model ({error}).") from None


def preprocessing(recipe: Recipe) -> Preprocessing:
    """Of the pictures that `recipe` trains on and its model will see: the preset's, larger where there is a subject."""
    plain = registry.preset(recipe.model, recipe.preset).preprocessing
    return plain.enlarged(CLOSER) if recipe.config.get("subject") else plain


def begin_with(model: nn.Module, start: Start, encoder: str | None = None) -> set[str]:
    """Take over the tensors `start` names; the names they have in `model`.

    Args:
        encoder: name of the text encoder that gives the names of an object detector's classes their states.

    Raises:
        RecipeError: the file or the run does not exist or is of another network.
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
    fitting = {name: value for name, value in taken.items() if name in own and own[name].shape == value.shape}
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
    path = RUNS / run / "best.safetensors"
    if path.is_file():
        return load_file(path)
    try:
        return checkpoints.load(run_checkpoint(run))[0].state_dict()
    except CheckpointError:
        raise RecipeError(f"There is no run or checkpoint “{run}” to start from: train it first.") from None


def train(recipe: Recipe, folder: Path | None = None, quiet: bool = False) -> Path:
    """Run `recipe` to its end, if it trains anything, and write a checkpoint with its card into its folder; the folder.

    Args:
        folder: of the run, ``runs/NAME`` by default; a broken-off run in it is gone on with.
    """
    folder = folder or RUNS / recipe.name
    run = Run(recipe, build_method(recipe), folder, quiet)
    run.train()
    if run.accelerator.is_main_process and recipe.method not in PARTS:
        checkpoints.save(run.method.model, describe(recipe), folder)
    return folder


def describe(recipe: Recipe) -> Description:
    """What the card says of a run, but for the metrics on full-size maps, which `train.results` adds."""
    spec, preset = registry.spec(recipe.model), registry.preset(recipe.model, recipe.preset)
    uses: dict[str, list[str]] = defaultdict(list)
    terms: dict[str, str] = {}
    learned = [(source, stage.name) for stage in recipe.stages for source in stage.data]
    for source, where in [(source, "earlier training") for source in recipe.seen] + learned:
        uses[source.root.name].append(source.use or where)
        terms[source.root.name] = source.terms
    return Description(
        name=recipe.name,
        model=recipe.model,
        preset=recipe.preset,
        config=recipe.config,
        text_encoder=preset.text_encoder,
        preprocessing=preprocessing(recipe),
        revision=_revision(),
        data=tuple(DataUse(name=n, use="; ".join(dict.fromkeys(u)), terms=terms[n]) for n, u in uses.items()),
        licence=spec.licence,
        origin=tuple(start.note for start in recipe.start if start.note),
        recipe=recipe.model_dump(mode="json", exclude_defaults=True),
        seed=recipe.seed,
        limits=recipe.limits,
    )


def _revision() -> str:
    """Commit of the code, with a mark where files differ from it; empty outside a checkout."""
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
