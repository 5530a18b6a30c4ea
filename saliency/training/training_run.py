"""A training run: from a recipe to a checkpoint with its card."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from .. import checkpoints
from ..checkpoints import DataUse, Description
from ..errors import RecipeError
from ..models import registry
from ..models.spec import Preset
from .initialisation import load_initial_weights
from .loop import Run
from .methods import PARTS, check_loss, method_of
from .methods.method import Method
from .provenance import ancestors, parts, recorded
from .recipe import Recipe
from .runs import epochs_left, is_of, revision, run_folder, run_state


def build_method(recipe: Recipe) -> Method:
    """The method of `recipe` with a freshly initialised model that holds the weights it starts from."""
    kind = method_of(recipe)
    torch.manual_seed(recipe.seed)
    preset, model = _preset(recipe), _model(recipe)
    if kind.own_losses:
        check_loss(recipe, kind.terms, tuple(model.losses))
    # A part has the preprocessing and the text encoder of its model.
    method = kind(recipe, model, preset.preprocessing, preset.text_encoder)
    filled: set[str] = set()
    for start in recipe.start:
        taken = load_initial_weights(method.model, start, preset.text_encoder)
        if start.share < 1 and taken - filled:
            raise RecipeError(
                f"The run “{start.run}” is to be a share of “{min(taken - filled)}”, which no start before it fills."
            )
        filled |= taken
    missing = sorted(method.model.state_dict().keys() - filled)
    if not recipe.stages and missing:
        raise RecipeError(f"Nothing is trained, and the recipe starts without weights for “{missing[0]}”.")
    return method


def _preset(recipe: Recipe) -> Preset:
    """The recipe's preset with its own configuration."""
    try:
        return registry.preset(recipe.model, recipe.preset, **recipe.config)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"The recipe's “config” does not fit its model ({error}).") from None


def _model(recipe: Recipe) -> nn.Module:
    """What is trained: the recipe's model, or the part of it that the method trains."""
    spec = registry.network(recipe.model)
    if not spec.learned:
        raise RecipeError(f"The model “{recipe.model}” has nothing to learn.")
    if not issubclass(spec.model, method_of(recipe).trains):
        raise RecipeError(f"The method “{recipe.method}” does not train “{recipe.model}”.")
    try:
        model = spec.model(_preset(recipe).config)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"The recipe's “config” does not fit its model ({error}).") from None
    if recipe.method not in PARTS:
        return model
    if model.grounding_branch is None:
        raise RecipeError(f"The method “{recipe.method}” trains word-region grounding, which the model has not.")
    return model.grounding_branch


def train(recipe: Recipe, folder: Path | None = None, quiet: bool = False) -> Path:
    """Run `recipe` to its end, if it trains anything, and write a checkpoint with its card into its folder; the folder.

    Args:
        folder: of the run, ``runs/NAME`` by default; an interrupted run in it is resumed.
    """
    folder = folder or run_folder(recipe.name)
    run = Run(recipe, build_method(recipe), folder, quiet, parts(recipe))
    run.train()
    if run.accelerator.is_main_process and recipe.method not in PARTS:
        checkpoints.save(run.method.model, describe(recipe, run_state(folder)), folder)
    return folder


def is_trained(recipe: Recipe) -> bool:
    """Whether a run of `recipe` is here and has ended; of a folder without a state, the name decides."""
    folder = run_folder(recipe.name)
    result = "best.safetensors" if recipe.method in PARTS else f"{recipe.name}.json"
    state = run_state(folder)
    return (folder / result).is_file() and (state is None or (is_of(state, recipe) and not epochs_left(state)))


def describe(recipe: Recipe, state: dict[str, Any] | None = None) -> Description:
    """The card of a run, but for the metrics on full-size maps, which ``saliency results`` adds.

    Args:
        state: of the run, whose record of the training goes before what holds now.
    """
    state = state or {}
    spec, preset = registry.network(recipe.model), _preset(recipe)
    built_on = recorded(state) if "parts" in state else parts(recipe)
    trained = [*ancestors(recipe, built_on), recipe]
    return Description(
        name=recipe.name,
        model=recipe.model,
        preset=recipe.preset,
        config=recipe.config,
        text_encoder=preset.text_encoder,
        preprocessing=preset.preprocessing,
        revision=state["revision"] if "revision" in state else revision(),
        data=tuple(_uses(trained)),
        licence=spec.licence.en,
        origin=tuple(dict.fromkeys(start.note for one in trained for start in one.start if start.note)),
        recipe=recipe.model_dump(mode="json", exclude_defaults=True),
        parts=built_on,
        seed=recipe.seed,
        effort=state.get("effort"),
        limits=recipe.limits or tuple(limit.en for limit in spec.limits),
    )


def _uses(recipes: Sequence[Recipe]) -> Iterator[DataUse]:
    """Data sets of the stages of `recipes`, each once, with all its uses."""
    uses: dict[str, dict[str, None]] = defaultdict(dict)
    terms: dict[str, str] = {}
    for stage in (stage for recipe in recipes for stage in recipe.stages):
        for source in stage.data:
            uses[source.root.name][source.use or stage.name] = None
            terms[source.root.name] = source.terms or terms.get(source.root.name, "")
    return (DataUse(name=name, use="; ".join(used), terms=terms[name]) for name, used in uses.items())
