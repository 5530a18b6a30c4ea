"""``saliency predict``: maps of a picture under sentences, or of every sample of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from PIL import Image

from ..conditions import Condition
from ..data import Sample
from ..evaluation import predict_samples
from ..predictor import Predictor
from ..rendering import overlay
from .application import Layout, LayoutOption, SplitOption, app, make_folder, open_samples, with_progress


@app.command()
def predict(
    source: Annotated[Path, typer.Argument(exists=True, help="A picture, or the folder of a data set.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the results; made if missing.")],
    model: Annotated[list[str] | None, typer.Option(help="A model's name; may be repeated. Default: all.")] = None,
    salient: Annotated[str | None, typer.Option(help="A sentence about what stands out.")] = None,
    non_salient: Annotated[str | None, typer.Option(help="A sentence about what does not stand out.")] = None,
    general: Annotated[str | None, typer.Option(help="A sentence about both.")] = None,
    layout: LayoutOption = Layout.AUTO,
    split: SplitOption = None,
) -> None:
    """Predict the maps of a picture under sentences, or of every sample of a data set.

    For a picture: an overlay a map (MODEL.CONDITION.png), their grid (comparison.png), and the densities and all that
    is known of them (comparison.npz, .csv, .json). For a data set: STEM.npy a sample, float32, of the picture's size,
    summing to 1.
    """
    sentences = {Condition.GENERAL: general, Condition.SALIENT: salient, Condition.NON_SALIENT: non_salient}
    sentences = {condition: sentence for condition, sentence in sentences.items() if sentence is not None}
    if source.is_dir():
        if sentences:
            raise typer.BadParameter("The sentences of a data set are its own; give them with a single picture only.")
        if not model or len(model) > 1:
            raise typer.BadParameter("A data set is predicted with one model: say which with --model NAME.")
        _predict_data_set(open_samples(source, layout, split), model[0], out)
    else:
        _predict_picture(source, sentences, model, out)


def _predict_picture(
    picture: Path, sentences: Mapping[Condition, str], models: Sequence[str] | None, out: Path
) -> None:
    predictor = Predictor(models)
    make_folder(out)
    comparison = predictor.predict(picture, {Condition.PURE: "", **sentences})
    for prediction in comparison.predictions:
        shown = overlay(comparison.picture, prediction.map)
        Image.fromarray(shown).save(out / f"{prediction.model}.{prediction.condition}.png")
        if prediction.notice:
            typer.echo(f"{prediction.title}, {prediction.condition.title.lower()}: {prediction.notice}", err=True)
    comparison.to_png(out / "comparison.png")
    comparison.to_npz(out / "comparison.npz")
    comparison.to_csv(out / "comparison.csv")
    comparison.to_json(out / "comparison.json")
    typer.echo(f"{len(comparison.predictions)} maps are in {out}.")


def _predict_data_set(samples: Sequence[Sample], model: str, out: Path) -> None:
    predictor = Predictor([model], pictures_cached=1)
    make_folder(out)
    for sample, prediction in predict_samples(predictor, with_progress(samples), model):
        np.save(out / f"{sample.stem}.npy", prediction.density)
    typer.echo(f"{len(samples)} maps are in {out}.")
