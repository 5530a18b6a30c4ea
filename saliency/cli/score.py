"""``saliency score``: the metrics of maps of one picture against one recording of gaze."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer

from ..conditions import Condition
from ..external_maps import read_map
from ..gaze import GazeOptions, Recording, Units, read_density, read_fixations
from ..imaging import load_image
from ..metrics import evaluate_fixation
from ..metrics.evaluator import write_json
from ..predictor import Predictor
from ..resizing import fit_density
from .data_options import STANDARD, ProfileOption, make_folder
from .gaze_options import (
    DropZerosOption,
    LogOption,
    PictureNameOption,
    PlaceOption,
    ScreenOption,
    ShownOption,
    UnitsOption,
    gaze_options,
)

ARRAYS = (".npy", ".npz", ".mat")  # a picture is never in such a file, a map may be


@dataclass(frozen=True, eq=False)
class Named:
    """A map to score: (H, W) >= 0 of any scale."""

    name: str
    values: np.ndarray
    sha256: str | None = None


def score(
    picture: Annotated[
        Path | None,
        typer.Argument(
            exists=True, dir_okay=False, metavar="[PICTURE|MAP]", help="A picture; or a map as .npy, .npz or .mat."
        ),
    ] = None,
    fixations: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A recording of where people looked.")
    ] = None,
    density: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A density map of where people looked.")
    ] = None,
    map_file: Annotated[
        list[Path] | None,
        typer.Option("--map", exists=True, dir_okay=False, help="A map to score, in any format; may be repeated."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option(help="A model that predicts the picture; may be repeated. Default: all.")
    ] = None,
    sentence: Annotated[str | None, typer.Option(help="What was read before; default: the picture alone.")] = None,
    units: UnitsOption = Units.AUTO,
    screen: ScreenOption = None,
    shown: ShownOption = None,
    place: PlaceOption = None,
    drop_zeros: DropZerosOption = False,
    picture_name: PictureNameOption = None,
    log: LogOption = False,
    profile: ProfileOption = STANDARD,
    json: Annotated[Path | None, typer.Option(dir_okay=False, help="Also write everything to this file.")] = None,
) -> None:
    """Compare maps of one picture with one recording of where people looked.

    Models predict the picture, unless maps are given and no model is named. Metrics that need the gaze on other
    pictures, such as shuffled AUC, are not among the results: they are defined for data sets.
    """
    files = list(map_file or ())
    if picture is not None and picture.suffix.lower() in ARRAYS:
        files, picture = [picture, *files], None
    if fixations is None and density is None:
        raise typer.BadParameter("Say where people looked, with --fixations FILE or --density FILE.")
    if picture is None and (model or not files):
        raise typer.BadParameter("Give a picture for the models to predict, or a map with --map FILE.")
    named = picture_name or (None if picture is None else picture.name)
    options = gaze_options(
        units=units, screen=screen, shown=shown, place=place, drop_zeros=drop_zeros, picture=named, log=log
    )
    if json is not None:
        make_folder(json.parent)
    pixels = None if picture is None else load_image(picture)
    maps = _maps(files, None if pixels is None else pixels.shape[:2], options)
    shape = maps[0].values.shape if pixels is None else pixels.shape[:2]
    recording = None if fixations is None else _recording(fixations, shape, options)
    truth = None if density is None else _density(density, shape)
    if pixels is not None and (model or not maps):
        maps = [*_predicted(pixels, model, sentence), *maps]
    points = None if recording is None else recording.points
    scores = {entry.name: evaluate_fixation(entry.values, truth, points, profile=profile.value) for entry in maps}
    typer.echo(_table(scores).to_string())
    if json is not None:
        rows = [{"model": entry.name, "sha256": entry.sha256, "metrics": scores[entry.name]} for entry in maps]
        about = {"picture": named, "sentence": sentence or "", "profile": profile.value}
        write_json(json, about | {"recording": _record(recording), "rows": rows})


def _maps(files: Sequence[Path], shape: tuple[int, int] | None, options: GazeOptions) -> list[Named]:
    """The maps of files at the size of the picture; without a picture, of the first map."""
    maps: list[Named] = []
    for file in files:
        found = read_map(file, shape, options)
        _tell(found.notices, file.name)
        shape = shape or found.values.shape
        name = file.name if any(entry.name == file.stem for entry in maps) else file.stem
        maps.append(Named(name, found.values))
    return maps


def _predicted(pixels: np.ndarray, models: Sequence[str] | None, sentence: str | None) -> list[Named]:
    predictor = Predictor(models)
    comparison = predictor.predict(pixels, {Condition.WHOLE: sentence} if sentence else None)
    _tell(comparison.notices, "the picture")
    for prediction in comparison.predictions:
        _tell(prediction.notices, prediction.title)
    return [Named(p.model, p.density, p.checkpoint.sha256) for p in comparison.predictions]


def _recording(file: Path, shape: tuple[int, int], options: GazeOptions) -> Recording:
    recording = read_fixations(file, shape, options)
    _tell(recording.notices, file.name)
    typer.echo(f"{recording.summary()}.")
    return recording


def _density(file: Path, shape: tuple[int, int]) -> np.ndarray:
    found = read_density(file)
    _tell(found.notices, file.name)
    return fit_density(found.values, shape)


def _tell(notices: Sequence[str], of: str) -> None:
    for notice in notices:
        typer.echo(f"Note, {of}: {notice}", err=True)


def _table(scores: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """Maps by metrics as text; ``-`` where a metric is undefined."""
    cells = {
        name: {metric: f"{value:z.3f}" if math.isfinite(value) else "-" for metric, value in values.items()}
        for name, values in scores.items()
    }
    return pd.DataFrame.from_dict(cells, orient="index")


def _record(recording: Recording | None) -> dict[str, Any] | None:
    """How the recording was read, ready for JSON."""
    if recording is None:
        return None
    return {
        "fixations": len(recording.fixations),
        "total": recording.total,
        "participants": list(recording.participants),
        "units": recording.units.value,
        "columns": dict(recording.columns),
        "left_out": dict(recording.left_out),
        "notices": list(recording.notices),
    }
