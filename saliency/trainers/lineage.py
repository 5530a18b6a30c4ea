"""What made the weights that a run starts from or is taught by: the recipes behind them, and at which revision."""

from __future__ import annotations

from pydantic import ValidationError

from .. import checkpoints
from ..checkpoints import Part
from ..errors import CheckpointError
from .datasets import run_checkpoint, run_folder
from .recipe import Recipe
from .state import run_state


def needs(recipe: Recipe) -> list[str]:
    """Names of the runs that `recipe` starts from or is taught by."""
    starts = [start.run for start in recipe.start if start.run]
    teachers = [source.teacher for stage in recipe.stages for source in stage.data if source.teacher]
    return list(dict.fromkeys(starts + teachers))


def parts(recipe: Recipe) -> dict[str, Part]:
    """By name, the runs that `recipe` builds on, and all that these build on; without those nothing is known of."""
    found: dict[str, Part] = {}
    for name in needs(recipe):
        found |= _parts_of_run(name)
    return found


def _parts_of_run(name: str) -> dict[str, Part]:
    """A run, by its card or else by its own state, behind what it builds on."""
    try:
        card = checkpoints.read_card(run_checkpoint(name))
        return card.parts | {name: Part(recipe=card.recipe, revision=card.revision)}
    except CheckpointError:
        pass
    state = run_state(run_folder(name))
    if state is None:
        return {}
    own = {name: Part(recipe=state["recipe"], revision=state.get("revision", ""))}
    try:
        return parts(Recipe.model_validate(state["recipe"])) | own
    except ValidationError:  # of a recipe as they were written then
        return own
