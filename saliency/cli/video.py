"""``saliency video``: a video with its maps, from a video."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from ..predictor import Predictor
from ..results.rendering import COLORMAPS
from ..runtime.memory import peak_memory
from ..video import Drawing, Progress, write_video
from .data_options import make_folder

Colormap = StrEnum("Colormap", {name.upper(): name for name in COLORMAPS})  # type: ignore[misc]
USUAL = Colormap(COLORMAPS[0])


def video(
    source: Annotated[Path, typer.Argument(exists=True, dir_okay=False, metavar="VIDEO", help="MP4, WebM, AVI ...")],
    model: Annotated[str, typer.Option(help="A model's name.")],
    out: Annotated[Path, typer.Option(dir_okay=False, help="The result, an MP4 file.")],
    sentence: Annotated[str, typer.Option(help="What was read before looking, for models that read.")] = "",
    maps: Annotated[bool, typer.Option("--maps", help="The maps alone, without the video under them.")] = False,
    opacity: Annotated[float, typer.Option(min=0, max=1, help="0: the video alone; 1: the maps alone.")] = 0.6,
    colormap: Annotated[Colormap, typer.Option(help="Colours of the maps.")] = USUAL,
    fps: Annotated[
        float | None, typer.Option(min=0.01, help="Maps per second of the video; default: one per frame.")
    ] = None,
    smoothing: Annotated[
        float, typer.Option(min=0, help="Seconds of the maps' exponential average over time; 0: none.")
    ] = 0,
) -> None:
    """Draw where people look over a video, frame by frame.

    The models look at each frame by itself and know nothing of motion; --smoothing is an average over time and adds
    none. The result has the frames' times and the sound of the source. Frames that are damaged are skipped, and
    counted on stderr.
    """
    if out.suffix.lower() != ".mp4":
        raise typer.BadParameter("The result is an MP4 file; give it a name that ends in .mp4.")
    predictor = Predictor([model], pictures_cached=1)
    make_folder(out.parent)
    with tqdm(unit=" frames", disable=None, leave=False) as bar:
        report = write_video(
            predictor,
            source,
            out,
            sentence=sentence,
            rate=fps,
            smoothing=smoothing,
            drawing=Drawing(1.0 if maps else opacity, colormap.value),
            progress=_on(bar),
        )
    for notice in report.notices:
        typer.echo(notice, err=True)
    height, width = report.shape
    typer.echo(
        f"{report.frames} frames of {width} x {height} and {report.maps} maps, {report.speed:.1f} per second, "
        f"are in {out}. The process took at most {peak_memory():.2f} GB of memory."
    )


def _on(bar: tqdm) -> Progress:
    def advance(done: int, total: int | None) -> None:
        bar.total = total
        bar.update(done - bar.n)

    return advance
