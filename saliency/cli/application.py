"""The frame of the command line: the list of commands, and how their errors end.

``saliency --help`` imports no command: PyTorch, pandas and Gradio take seconds.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from ..atomic_files import is_full
from ..errors import SaliencyError

# By name: the first sentence of the command's help. Its function, or application of further commands, has the name of
# the command and is in the module of that name.
COMMANDS = {
    "models": "List the models that can be used now.",
    "predict": "Predict the maps of pictures under sentences, or of every sample of a data set.",
    "caption": "Describe pictures, a sentence each.",
    "video": "Draw where people look over a video, frame by frame.",
    "annotate": "Choose the salient segments of the pictures in a folder, on a page in the browser.",
    "evaluate": "Compare maps with where people looked: means and 95 % intervals over pictures, per condition.",
    "score": "Compare maps of one picture with one recording of where people looked.",
    "replay": "Run a downloaded comparison again with the checkpoints here; say of each map whether it is the same.",
    "prepare": "Turn public releases of data and weights into the form that training reads.",
    "convert": "Turn weights that a model's authors published into a checkpoint, and report the shapes.",
    "app": "Serve the web app.",
    "space": "Publish the web app as a Space of the Hugging Face Hub.",
    "train": "Train a model from its recipe, or continue a run that broke off; the checkpoint appears in runs/NAME.",
    "experiment": "Train the runs of a paper's experiment that have not ended, and compare them.",
    "results": "Measure the baselines and every checkpoint; write RESULTS.md, README's table, cards and figures.",
}
_MODULES = {"app": "serve", "caption": "describe"}  # where the name is taken


class Commands(TyperGroup):
    """The commands by name; an error made on purpose, or a full disk, ends one with a sentence on stderr and code 2."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names in the order of ``saliency --help``."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """The command as the list shows it, without what it does; None where there is none of that name."""
        return TyperCommand(cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """The command that is called, imported."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and imported(str(name)), rest

    def invoke(self, ctx: Any) -> Any:
        """Runs the command."""
        try:
            return super().invoke(ctx)
        except SaliencyError as error:
            typer.echo(error, err=True)
            raise typer.Exit(2) from None
        except OSError as error:
            if not is_full(error):
                raise
            typer.echo("The disk is full. Make room and give the command again.", err=True)
            raise typer.Exit(2) from None


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def saliency() -> None:
    """Predict where people look in a picture after reading a sentence about it."""


def imported(name: str) -> Any:
    """A command of `COMMANDS`, from its module."""
    found: typer.Typer | Callable[..., None]
    found = getattr(import_module(f".{_MODULES.get(name, name)}", __package__), name)
    if isinstance(found, typer.Typer):
        return get_command(found)
    alone = typer.Typer(add_completion=False)
    alone.command(name)(found)
    return get_command(alone)


def main() -> None:
    """The entry point ``saliency``."""
    app(prog_name="saliency")
