"""``saliency experiment``: an experiment of a paper."""

from __future__ import annotations

from typing import Annotated

import torch
import typer

from ..report.paper_experiment import conduct, load_experiment
from ..runtime.memory import keep_freed


def experiment(
    name: Annotated[str, typer.Argument(help="A YAML file, or the name of an experiment that ships.")],
) -> None:
    """Train the runs of a paper's experiment that have not ended, and compare them.

    Tables and an example row are written into runs/experiments/NAME.
    """
    torch.set_flush_denormal(True)
    keep_freed()
    typer.echo(f"Done: {conduct(load_experiment(name))}")
