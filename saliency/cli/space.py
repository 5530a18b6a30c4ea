"""``saliency space``: the repository as a Space of the Hugging Face Hub, which serves the web app."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from .. import hub
from ..errors import OutputError

space = typer.Typer(
    name="space",
    help="Publish the web app as a Space of the Hugging Face Hub.",
    add_completion=False,
    no_args_is_help=True,
)

# What the app and its README need; a list of what is allowed leaves out whatever else lies in the folder.
UPLOADED = (
    *("app.py", "requirements.txt", "pyproject.toml", "*.md", "LICENSE", "CITATION.cff", "RESULTS.csv"),
    *("saliency/*", "checkpoints/*", "assets/*", "docs/*", "notebooks/*", "train/*"),
)
LEFT_OUT = ("*/__pycache__/*", "*.pyi", "tests/*", "runs/*", "build/*", "dist/*", ".*", "*/.*")
_FRONT_MATTER = re.compile(r"---\n.*?^sdk: gradio$.*?^---\n", re.MULTILINE | re.DOTALL)


@space.callback()
def commands() -> None:
    """Publish the web app as a Space of the Hugging Face Hub."""


@space.command()
def push(
    name: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The Space; made where there is none.")],
    folder: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="The repository; default: the folder you are in.")
    ] = Path("."),
    private: Annotated[bool, typer.Option("--private", help="A new Space is yours alone.")] = False,
    message: Annotated[str, typer.Option(help="Of the commit.")] = "Update the app",
) -> None:
    """Upload code, checkpoints and examples to a Space; the hub then builds and serves it.

    The token is that of `hf auth login`, or HF_TOKEN, and may write. Tests, runs and hidden files stay here.
    """
    readme = folder / "README.md"
    text = readme.read_text(encoding="utf-8") if readme.is_file() else ""
    if not ((folder / "app.py").is_file() and _FRONT_MATTER.match(text)):
        raise OutputError(
            "“{folder}” is no Space: it needs app.py, and README.md with the front matter of one.",
            folder=folder.resolve().name,
        )
    target = hub.repository(f"{hub.SCHEME}{name.removeprefix(hub.SCHEME)}")
    assert target is not None  # with the scheme it is a repository or an error
    address = hub.upload(
        folder,
        target,
        space=True,
        message=message,
        allowed=UPLOADED,
        ignored=LEFT_OUT,
        private=private or None,
    )
    typer.echo(address)
