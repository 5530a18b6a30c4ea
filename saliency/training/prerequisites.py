"""The runs that a recipe builds on, trained before it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .provenance import needs
from .recipe import Recipe
from .recipe_file import load_recipe, recipe_path
from .training_run import is_trained, train


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
