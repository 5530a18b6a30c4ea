"""``saliency caption``: a sentence about each picture."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import PictureError
from ..predictor import Predictor
from .data_options import make_folder, with_progress
from .predict import INCOMPLETE


def caption(
    pictures: Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, metavar="PICTURES...")],
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder for where the words come from; made if missing.")
    ] = None,
) -> None:
    """Describe pictures, a sentence each.

    With --out also PICTURE.json and PICTURE.npz: the words, the sentence's log-probability, the checkpoint, and each
    word's attention over the picture, (words, h, w) float32, which sums to 1. The exit code is 3 where a picture cannot
    be used.
    """
    predictor = Predictor([], pictures_cached=0)
    if out is not None:
        make_folder(out)
    left_out = []
    for path in with_progress(pictures, unit=" pictures"):
        try:
            found = predictor.caption(path)
        except PictureError as error:
            left_out.append(f"{path.name}: {error}")
            continue
        typer.echo(f"{path.name}: {found.sentence}" if len(pictures) > 1 else found.sentence)
        if out is not None:
            found.to_json(out / f"{path.stem}.json")
            found.to_npz(out / f"{path.stem}.npz")
    for line in left_out:
        typer.echo(line, err=True)
    if left_out:
        raise typer.Exit(INCOMPLETE)
