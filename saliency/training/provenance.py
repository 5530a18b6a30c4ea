"""Provenance of a run's weights: recipes and revisions of the runs that it starts from or learns from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from .. import checkpoints
from ..checkpoints import Part
from ..errors import CheckpointError, RecipeError
from .recipe import Recipe
from .runs import run_checkpoint, run_folder, run_state


def needs(recipe: Recipe) -> list[str]:
    """Names of the runs that `recipe` starts from or whose maps it learns from or is validated on."""
    starts = [start.run for start in recipe.start if start.run]
    data = [source for stage in recipe.stages for source in stage.data]
    teachers = [source.teacher for source in (*data, recipe.validation) if source.teacher]
    return list(dict.fromkeys(starts + teachers))


def parts(recipe: Recipe) -> dict[str, Part]:
    """The runs that `recipe` builds on, with their ancestors, by name; without those that left no state and no card.

    Raises:
        RecipeError: two of them were made with different runs of one name: their weights do not belong together.
    """
    found: dict[str, Part] = {}
    recorded_by: dict[str, str] = {}
    for name in needs(recipe):
        part, recorded = _entry(name)
        if not part or name == recipe.name:
            continue
        for earlier, entry in (_before(part) | recorded | {name: part}).items():
            known, source = found.setdefault(earlier, entry), recorded_by.setdefault(earlier, name)
            if not _same(known, entry):
                one = f"“{name}” was" if earlier != name else f"“{source}” was"
                raise RecipeError(
                    f"“{recipe.name}” cannot build on both “{source}” and “{name}”: {one} trained with another "
                    f"“{earlier}”. Delete the older of their folders in runs/ and train it anew."
                )
    return found


def _same(one: Part, other: Part) -> bool:
    """Whether both entries are of the same run."""
    return one.revision == other.revision and (_recipe(one) or one.recipe) == (_recipe(other) or other.recipe)


def ancestors(recipe: Recipe, parts: Mapping[str, Part]) -> list[Recipe]:
    """The recipes whose weights `recipe` starts from, the first trained first; those of teachers are not among them.

    Args:
        parts: see `parts`; runs that are missing or of an older format are left out.
    """
    found: dict[str, Recipe] = {}
    for start in recipe.start:
        if start.run and (part := parts.get(start.run)) and (earlier := _recipe(part)):
            found |= {one.name: one for one in (*ancestors(earlier, parts), earlier)}
    return list(found.values())


def _entry(name: str) -> tuple[Part | None, dict[str, Part]]:
    """A run's provenance from its state.pt, otherwise from its card: its own entry and its ancestors'."""
    if state := run_state(run_folder(name)):
        return Part.model_validate({key: state[key] for key in Part.model_fields if key in state}), recorded(state)
    try:
        card = checkpoints.read_card(run_checkpoint(name))
    except CheckpointError:
        return None, {}
    if card.recipe.get("name") != name:
        return None, {}
    return Part(recipe=card.recipe, revision=card.revision, effort=card.effort), card.parts


def recorded(state: Mapping[str, Any]) -> dict[str, Part]:
    """The ancestors that the state of a run records."""
    return {name: Part.model_validate(part) for name, part in state.get("parts", {}).items()}


def _before(part: Part) -> dict[str, Part]:
    recipe = _recipe(part)
    return parts(recipe) if recipe else {}


def _recipe(part: Part) -> Recipe | None:
    try:
        return Recipe.model_validate(part.recipe)
    except ValidationError:  # an older format
        return None
