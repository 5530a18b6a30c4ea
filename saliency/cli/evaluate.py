"""``saliency evaluate``: how right a model is on a data set."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from ..evaluation import evaluate_samples, predict_samples
from ..metrics import PROFILES, FixationEvaluator
from ..predictor import Predictor
from .application import Layout, LayoutOption, SplitOption, app, make_folder, open_samples, with_progress

Profile = StrEnum("Profile", {name: name for name in PROFILES})


@app.command()
def evaluate(
    data_set: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of a data set.")],
    model: Annotated[str, typer.Option(help="The model's name.")],
    layout: LayoutOption = Layout.AUTO,
    split: SplitOption = None,
    profile: Annotated[Profile, typer.Option(help="Which definitions the metrics have.")] = Profile.tuebingen,
    json: Annotated[
        Path | None,
        typer.Option(dir_okay=False, writable=True, help="Also write means and rows to this file; its folder is made."),
    ] = None,
) -> None:
    """Compare a model's maps with where people looked: means and 95 % intervals over pictures, per condition."""
    samples = open_samples(data_set, layout, split)
    predictor = Predictor([model], pictures_cached=1)
    if json is not None:
        make_folder(json.parent)
    predictions = predict_samples(predictor, with_progress(samples), model)
    evaluator = evaluate_samples(predictions, profile.value)
    typer.echo(_table_of_scores(evaluator).to_string())
    if json is not None:
        identity = {"model": model, "sha256": predictor.cards[model].sha256}
        evaluator.to_json(json, identity | {"data": data_set.resolve().name, "split": split})


def _table_of_scores(evaluator: FixationEvaluator) -> pd.DataFrame:
    """Conditions by metrics, each ``mean [low, high]``, and how many samples count."""
    table = evaluator.table()
    cells = table.apply(lambda row: f"{row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}]", axis=1)
    scores = cells.unstack("metric").reindex(columns=evaluator.metrics)
    scores.insert(0, "n", table["n"].groupby("condition").max())
    return scores.reindex(table.index.unique("condition"))
