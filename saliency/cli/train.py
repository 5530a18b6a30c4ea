"""``saliency train``: a recipe run."""

from __future__ import annotations

from typing import Annotated

import torch
import typer

from ..runtime.memory import keep_freed
from ..training.prerequisites import train_missing
from ..training.recipe_file import load_recipe, recipe_path
from ..training.runs import RUNS
from ..training.training_run import train as run
from .data_options import make_folder


def train(
    recipe: Annotated[str, typer.Argument(help="A YAML file, or the name of a recipe that ships.")],
    overrides: Annotated[
        list[str] | None, typer.Argument(help="key=value, for example seed=7 stages.0.epochs=1.")
    ] = None,
    from_nothing: Annotated[
        bool, typer.Option("--from-nothing", help="First train the recipes it builds on that have not ended in runs/.")
    ] = False,
) -> None:
    """Train a model from its recipe, or continue a run that broke off; the checkpoint appears in runs/NAME.

    Paths in a recipe are relative to the folder in which this is called.
    """
    wanted = load_recipe(recipe_path(recipe), overrides or [])
    make_folder(RUNS)
    # Gradients of sure answers are full of numbers near zero, with which processors are slow: a step of the referent
    # head took 1.6 times as long. Threads take this over when they begin, so that it comes before all work.
    torch.set_flush_denormal(True)
    keep_freed()
    if from_nothing:
        for folder in train_missing(wanted):
            typer.echo(f"Done: {folder}")
    typer.echo(f"Done: {run(wanted)}")
