"""The recipes that ship, and the order in which they are trained from nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..resources import resource
from .provenance import needs
from .recipe import Recipe, load_recipe
from .train import is_trained, train

RECIPES = resource("train")


def recipe_path(recipe: str) -> Path:
    """The file of a recipe: `recipe` is its path, or the name of one that ships."""
    return Path(recipe) if recipe.endswith((".yaml", ".yml")) else RECIPES / f"{recipe}.yaml"


def train_missing(recipe: Recipe) -> Iterator[Path]:
    """Trains the runs that `recipe` builds on and that have not ended, the first of them first; their folders.

    What has no recipe of its name is left alone: another seed's run, for example.
    """
    for name in needs(recipe):
        if not recipe_path(name).is_file():
            continue
        needed = load_recipe(recipe_path(name))
        if not is_trained(needed):
            yield from train_missing(needed)
            yield train(needed)
