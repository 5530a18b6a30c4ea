"""``saliency evaluate``: how right models, and maps that other programs wrote, are on a data set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from enum import StrEnum
from itertools import combinations
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from ..analysis import ErrorAnalysis, differences, means
from ..errors import DatasetError
from ..external_maps import ExternalMaps
from ..gaze import GazeOptions, Units
from ..metrics import get_profile
from ..metrics.evaluator import bootstrap_record, summary_of, table_of_means, write_json
from ..predictor import Predictor
from .data_options import ANY_LAYOUT, STANDARD, LayoutOption, ProfileOption, SplitOption, make_folder, open_data
from .evaluate_captions import evaluate_captions
from .evaluate_objects import evaluate_objects
from .gaze_options import (
    DropZerosOption,
    LogOption,
    PlaceOption,
    ScreenOption,
    ShownOption,
    UnitsOption,
    gaze_options,
)
from .studies import (
    SAMPLES_LEFT_OUT,
    cell,
    named_maps,
    records_of_left_out,
    run_with_bar,
    start_processes,
    tell,
    tell_left_out,
)


class Task(StrEnum):
    """What maps are compared with."""

    GAZE = "gaze"
    OBJECTS = "objects"
    CAPTIONS = "captions"


_OF_GAZE = ("log", "units", "screen", "shown", "place", "drop_zeros", "layout", "profile")
_NOT_READ = {
    Task.GAZE: ("curves",),
    Task.OBJECTS: _OF_GAZE,
    Task.CAPTIONS: (*_OF_GAZE, "model", "maps", "name", "split", "curves"),
}


def evaluate(
    context: typer.Context,
    data_set: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of a data set.")],
    task: Annotated[
        Task, typer.Option(help="Compare with where people looked, with masks of salient objects, or with captions.")
    ] = Task.GAZE,
    model: Annotated[list[str] | None, typer.Option(help="A model's name; may be repeated.")] = None,
    maps: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True,
            file_okay=False,
            help="A folder of maps that another program wrote, called as the samples; may be repeated.",
        ),
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option(help="What the maps are called; repeated as --maps is. Default: their folder.")
    ] = None,
    log: LogOption = False,
    units: UnitsOption = Units.AUTO,
    screen: ScreenOption = None,
    shown: ShownOption = None,
    place: PlaceOption = None,
    drop_zeros: DropZerosOption = False,
    layout: LayoutOption = ANY_LAYOUT,
    split: SplitOption = None,
    profile: ProfileOption = STANDARD,
    json: Annotated[
        Path | None,
        typer.Option(dir_okay=False, writable=True, help="Also write means and rows to this file; its folder is made."),
    ] = None,
    curves: Annotated[
        Path | None,
        typer.Option(dir_okay=False, writable=True, help="Also draw precision against recall, of the task objects."),
    ] = None,
) -> None:
    """Compare maps with where people looked: means and 95 % intervals over pictures, per condition.

    With --task objects: with the masks of a data set of salient objects; MAE, F, weighted F, E and S. With --task
    captions: the captioner's sentences on the validation pictures of Flickr8k Entities; CIDEr-D, BLEU-4 and the share
    of distinct n-grams, beside two baselines.

    Several models are also compared in pairs: per metric the mean of the differences over the samples of both, with its
    95 % interval.
    Under torchrun or accelerate launch the processes share the pictures, of gaze and of objects.
    Scores are stored in the user's cache directory, or in the folder that SALIENCY_CACHE names: an interrupted run
    resumes. A sample that cannot be read is left out and named at the end; the exit code is then 3.
    """
    _check_options(context, task)
    if task is Task.CAPTIONS:
        evaluate_captions(data_set, json)
        return
    if not model and not maps:
        raise typer.BadParameter("Say what is scored: a model with --model NAME, or maps with --maps FOLDER.")
    if len(name or ()) > len(maps or ()):
        raise typer.BadParameter("There are more names than folders of maps.")
    start_processes()
    if task is Task.OBJECTS:
        evaluate_objects(data_set, model, maps or (), name or (), split, json, curves)
        return
    gaze = gaze_options(units=units, screen=screen, shown=shown, place=place, drop_zeros=drop_zeros)
    data = open_data(data_set, layout, split, require_ground_truth=True, gaze=gaze)
    predictor = Predictor(model, pictures_cached=1) if model else None
    options = GazeOptions(log=log)
    external = named_maps(
        maps or (), name or (), lambda title, folder: ExternalMaps(title, folder, data.samples, options)
    )
    if json is not None:
        make_folder(json.parent)
    study = ErrorAnalysis(predictor, data, maps=external, profile=profile.value)
    tell([notice for source in external for notice in source.notices])
    run_with_bar(study)
    left_out = study.left_out()
    tell_left_out(left_out, study)
    table = study.table()
    if not table[list(study.metrics)].notna().any(axis=None):
        raise DatasetError(
            "Nothing was scored: no metric has a value for any of {count:,} samples.", count=len(data.samples)
        )
    tell(study.sample_notices())
    typer.echo(table_of_scores(means(table, study.metrics), study.metrics).to_string())
    pairs = {pair: differences(table, *pair, study.metrics) for pair in combinations(study.sources, 2)}
    for (first, second), rows in pairs.items():
        if len(rows):
            typer.echo(f"\n{first} minus {second}, paired by sample{_lower_is_better(profile.value, study.metrics)}")
            typer.echo(table_of_differences(rows).to_string())
    if json is not None:
        records = [_record(study, name, table) for name in study.sources]
        paired = [_paired(*pair, rows) for pair, rows in pairs.items()]
        write_json(json, records[0] if len(records) == 1 else {"models": records, "differences": paired})
    if left_out:
        raise typer.Exit(SAMPLES_LEFT_OUT)


def _check_options(context: typer.Context, task: Task) -> None:
    """Refuses options that the task does not read."""
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name in _NOT_READ[task] and (source := context.get_parameter_source(option.name))
        if source.name != "DEFAULT"
    ]
    if given:
        raise typer.BadParameter(f"The task {task} does not read {', '.join(given)}.")


def table_of_scores(rows: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    """Conditions by metrics as text, each ``mean [low, high]``, or ``-`` without values; and how many samples count.

    Where the metrics of a row count different numbers of samples, each says its own: ``mean [low, high] (n 3)``.

    Args:
        rows: as from `analysis.means`; of several models, the index has the model, too.
    """
    lines = {}
    for key, group in rows.groupby(["model", "condition"], sort=False):
        by_metric = group.set_index("metric")
        counts = {int(n) for n, mean in zip(group["n"], group["mean"], strict=True) if math.isfinite(mean)}
        number = "-".join(str(n) for n in sorted({min(counts), max(counts)})) if counts else "0"
        cells = {metric: cell(by_metric.loc[metric], counted=len(counts) > 1) for metric in metrics}
        lines[key] = {"n": number, **cells}
    table = pd.DataFrame.from_dict(lines, orient="index")
    table.index = pd.MultiIndex.from_tuples(lines, names=["model", "condition"])
    return table if rows["model"].nunique() > 1 else table.droplevel("model")


def table_of_differences(rows: pd.DataFrame) -> pd.DataFrame:
    """Metrics by conditions as text, each ``+mean [+low, +high] (n 3)``, or ``-`` without values.

    Args:
        rows: as from `analysis.differences`.
    """
    lines = {
        metric: {row["condition"]: cell(row, counted=True, sign="+") for _, row in group.iterrows()}
        for metric, group in rows.groupby("metric", sort=False)
    }
    return pd.DataFrame.from_dict(lines, orient="index")


def _lower_is_better(profile: str, metrics: Sequence[str]) -> str:
    lower = [name for name in metrics if get_profile(profile).metrics[name].lower_is_better]
    return f" (lower is better: {', '.join(lower)})" if lower else ""


def _paired(first: str, second: str, rows: pd.DataFrame) -> dict[str, Any]:
    """The differences of two models, ready for JSON."""
    return {"models": [first, second], "metrics": summary_of(rows.set_index(["condition", "metric"]))}


def _record(study: ErrorAnalysis, name: str, table: pd.DataFrame) -> dict[str, Any]:
    """Everything on one model, ready for JSON."""
    rows = table[table["model"] == name].drop(columns=["model", "sentence"]).rename(columns={"stem": "id"})
    return {
        "model": name,
        "sha256": study.sources[name].sha256,
        "data": study.data.name,
        "split": study.data.split,
        "profile": study.pool.profile.name,
        "bootstrap": bootstrap_record(),
        "metrics": summary_of(table_of_means(rows, study.metrics)),
        "pools": study.pool.record(),
        "rows": rows.to_dict("records"),
        "left_out": records_of_left_out(study.left_out(), name),
        "notices": [*study.notices(), *study.sample_notices()],
    }
