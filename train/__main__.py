"""``python -m train RECIPE [key=value ...]``: train a model from its recipe, or go on with a broken-off run; with
``--from-nothing`` also all that it builds on."""

from __future__ import annotations

import sys
from typing import Annotated

import torch
import typer

from saliency.errors import SaliencyError
from saliency.memory import keep_freed
from saliency.training.provenance import needs
from saliency.training.recipe import Recipe
from saliency.training.recipe_file import load_recipe, recipe_path
from saliency.training.train import is_trained, train


def main(
    recipe: Annotated[str, typer.Argument(help="a YAML file, or the name of one in train/")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="key=value, for example seed=7 stages.0.epochs=1")
    ] = None,
    from_nothing: Annotated[
        bool, typer.Option("--from-nothing", help="first train the recipes it builds on that have not ended in runs/")
    ] = False,
) -> None:
    """Train a model from its recipe; the checkpoint and its card appear in runs/NAME."""
    # Gradients of sure answers are full of numbers near zero, with which processors are slow: a step of `referent` took
    # 1.6 times as long. Threads take this over when they begin, so that it comes before all work.
    torch.set_flush_denormal(True)
    keep_freed()
    try:
        wanted = load_recipe(recipe_path(recipe), overrides or [])
        if from_nothing:
            train_needed(wanted)
        folder = train(wanted)
    except SaliencyError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    typer.echo(f"Done: {folder}")


def train_needed(recipe: Recipe) -> None:
    """Train what `recipe` builds on, the first of it first; what has ended in runs/ stays as it is, and so does what
    has no recipe of its name, another seed's run for example."""
    for name in needs(recipe):
        if not recipe_path(name).is_file():
            continue
        needed = load_recipe(recipe_path(name))
        if not is_trained(needed):
            train_needed(needed)
            typer.echo(f"Done: {train(needed)}")


if __name__ == "__main__":
    typer.run(main)
