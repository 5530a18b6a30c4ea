"""``saliency convert``: weights that a model's authors published, as a checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ..conversion import FORMATS, Conversion
from ..conversion import convert as convert_file


def convert(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="Such as TranSalNet_Dense.pth.")],
    as_: Annotated[str, typer.Option("--as", metavar="MODEL", help=f"One of {', '.join(FORMATS)}.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder of the checkpoint; made if missing.")] = Path(
        "converted"
    ),
    name: Annotated[str | None, typer.Option(help="Of the checkpoint; the model's by default.")] = None,
    tensors: Annotated[bool, typer.Option("--tensors", help="List every tensor, not the parts only.")] = False,
) -> None:
    """Turn weights that a model's authors published into a checkpoint, and report the shapes.

    The file is read as tensors only: a pickle of other objects is refused. The checkpoint is NAME.safetensors and
    NAME.json in the folder; SALIENCY_CHECKPOINTS=FOLDER makes every command and the app use it.
    """
    found = convert_file(file, as_, out, name)
    typer.echo(_tensors(found) if tensors else _parts(found))
    typer.echo(f"{found.format.title} of {found.format.source}: {found.card.parameters / 1e6:.1f} M parameters.")
    typer.echo(f"Written: {out / found.card.name}.safetensors")


def _tensors(found: Conversion) -> str:
    table = pd.DataFrame(found.tensors, columns=["here", "in the file", "shape"])
    return table.to_string(index=False)


def _parts(found: Conversion) -> str:
    """Tensors and values of each part of the model."""
    table = pd.DataFrame(found.tensors, columns=["part", "file", "shape"])
    table["part"] = table["part"].str.split(".").str[0]
    table["values"] = table["shape"].map(lambda shape: int(pd.Series(shape, dtype=int).prod()))
    return table.groupby("part", sort=False).agg(tensors=("values", "size"), values=("values", "sum")).to_string()
