"""``python -m train RECIPE [key=value ...]``: train a model from its recipe, or go on with a broken-off run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from saliency.errors import SaliencyError
from saliency.trainers.methods import train
from saliency.trainers.recipe import load_recipe

HERE = Path(__file__).parent


def main(
    recipe: Annotated[str, typer.Argument(help="a YAML file, or the name of one in train/")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="key=value, for example seed=7 stages.0.epochs=1")
    ] = None,
) -> None:
    """Train a model from its recipe; the checkpoint and its card appear in runs/NAME."""
    path = Path(recipe) if recipe.endswith((".yaml", ".yml")) else HERE / f"{recipe}.yaml"
    try:
        folder = train(load_recipe(path, overrides or []))
    except SaliencyError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)
    typer.echo(f"Done: {folder}")


if __name__ == "__main__":
    typer.run(main)
