"""The command line: ``saliency models``, ``saliency predict``, ``saliency evaluate``, ``saliency replay``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from PIL import Image
from tqdm import tqdm
from typer.core import TyperGroup

from . import checkpoints
from .conditions import Condition
from .data import Sample, SjtuTis
from .data.folder import FolderDataset
from .errors import OutputError, SaliencyError
from .evaluation import evaluate_samples, predict_samples
from .metrics import PROFILES, FixationEvaluator
from .metrics.evaluator import MACRO
from .models.registry import spec
from .predictor import Predictor
from .rendering import overlay
from .replay import TOLERANCE, Recorded, Replayed, changed_weights, read_recorded
from .replay import replay as run_again
from .results import Comparison


class _Commands(TyperGroup):
    """An error made on purpose ends a command with its sentence on stderr and exit code 2, never with a trace."""

    def invoke(self, ctx):
        try:
            return super().invoke(ctx)
        except SaliencyError as error:
            typer.echo(error, err=True)
            raise typer.Exit(2) from None


class Layout(StrEnum):
    """How a data set's folder is laid out."""

    SJTU_TIS = "sjtu-tis"
    FOLDER = "folder"


Profile = StrEnum("Profile", {name: name for name in PROFILES})

app = typer.Typer(
    cls=_Commands,
    help="Predict where people look in a picture after reading a sentence about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

LayoutOption = Annotated[Layout, typer.Option(help="How the data set's folder is laid out.")]
SplitOption = Annotated[str | None, typer.Option(help="Only this split, e.g. validation; default: every sample.")]


@app.command()
def models() -> None:
    """List the models that can be used now."""
    typer.echo(_table_of_models(checkpoints.available()).to_string(index=False))


@app.command()
def predict(
    source: Annotated[Path, typer.Argument(exists=True, help="A picture, or the folder of a data set.")],
    out: Annotated[Path, typer.Option(file_okay=False, help="Folder for the results; made if missing.")],
    model: Annotated[list[str] | None, typer.Option(help="A model's name; may be repeated. Default: all.")] = None,
    salient: Annotated[str | None, typer.Option(help="A sentence about what stands out.")] = None,
    non_salient: Annotated[str | None, typer.Option(help="A sentence about what does not stand out.")] = None,
    general: Annotated[str | None, typer.Option(help="A sentence about both.")] = None,
    layout: LayoutOption = Layout.SJTU_TIS,
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
        _predict_data_set(_samples(source, layout, split), model[0], out)
    else:
        _predict_picture(source, sentences, model, out)


@app.command()
def evaluate(
    data_set: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder of a data set.")],
    model: Annotated[str, typer.Option(help="The model's name.")],
    layout: LayoutOption = Layout.SJTU_TIS,
    split: SplitOption = None,
    profile: Annotated[Profile, typer.Option(help="Which definitions the metrics have.")] = Profile.tuebingen,
    json: Annotated[
        Path | None,
        typer.Option(dir_okay=False, writable=True, help="Also write means and rows to this file; its folder is made."),
    ] = None,
) -> None:
    """Compare a model's maps with where people looked: means and 95 % intervals over pictures, per condition."""
    samples = _samples(data_set, layout, split)
    predictor = Predictor([model], pictures_cached=1)
    if json is not None:
        _make(json.parent)
    predictions = predict_samples(predictor, _progress(samples), model)
    evaluator = evaluate_samples(predictions, profile.value)
    typer.echo(_table_of_scores(evaluator).to_string())
    if json is not None:
        identity = {"model": model, "sha256": predictor.cards[model].sha256}
        evaluator.to_json(json, identity | {"data": data_set.resolve().name, "split": split})


@app.command()
def replay(
    record: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A downloaded ZIP, or its .json.")],
    tolerance: Annotated[float, typer.Option(min=0, help="Share of a map's peak that counts as the same.")] = TOLERANCE,
    other_weights: Annotated[bool, typer.Option(help="Compare although checkpoints differ from the recorded.")] = False,
) -> None:
    """Run a downloaded comparison again with the checkpoints here, and say of each map whether it is the same.

    Unpacked, the picture and the maps must lie beside the .json. The largest absolute difference of a map is told as a
    share of the recorded map's peak. The exit code is 0 where all are the same, and 1 where one differs.
    """
    recorded = read_recorded(record)
    predictor = Predictor(recorded.models, precision=recorded.precision, pictures_cached=1)
    results, comparison = run_again(recorded, predictor, tolerance=tolerance, other_weights=other_weights)
    for line in (*changed_weights(recorded, predictor), *_changed_software(recorded, comparison)):
        typer.echo(f"Note: {line}.", err=True)
    typer.echo(_table_of_replayed(results).to_string(index=False))
    same = sum(result.same for result in results)
    typer.echo(f"{same} of {len(results)} maps are the same, to {tolerance:g} of their peak.")
    if same < len(results):
        raise typer.Exit(1)


def main() -> None:
    """The entry point ``saliency``."""
    app(prog_name="saliency")


def _predict_picture(
    picture: Path, sentences: Mapping[Condition, str], models: Sequence[str] | None, out: Path
) -> None:
    predictor = Predictor(models)
    _make(out)
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
    _make(out)
    for sample, prediction in predict_samples(predictor, _progress(samples), model):
        np.save(out / f"{sample.stem}.npy", prediction.density)
    typer.echo(f"{len(samples)} maps are in {out}.")


def _make(folder: Path) -> None:
    """Makes the folder for results before they are computed: none are lost for want of a place."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        writable = os.access(folder, os.W_OK)
    except OSError:
        writable = False
    if not writable:
        raise OutputError(f"The folder “{folder}” cannot be written to.")


def _samples(root: Path, layout: Layout, split: str | None) -> Sequence[Sample]:
    if layout is Layout.SJTU_TIS:
        return SjtuTis(root, split)
    if split is not None:
        raise typer.BadParameter("A folder of images, maps and fixations has no splits.")
    return FolderDataset(root)


def _progress(samples: Sequence[Sample]) -> Iterable[Sample]:
    """The samples, with a bar on stderr where that is a terminal."""
    return tqdm(samples, unit=" samples", disable=None, leave=False)


def _table_of_models(cards: Sequence[checkpoints.Card]) -> pd.DataFrame:
    """One row a checkpoint, as its card says; CC is on the validation split, averaged over the conditions."""
    return pd.DataFrame(
        {
            "name": card.name,
            "title": spec(card.model).title,
            "preset": card.preset,
            "text encoder": card.text_encoder or "none",
            "parameters": f"{card.parameters / 1e6:.1f} M",
            "validation CC": _validation_cc(card),
            "pointing": f"{card.grounding.pointing:.3f}" if card.grounding else "-",
            "licence": card.licence,
        }
        for card in cards
    )


def _changed_software(recorded: Recorded, comparison: Comparison) -> list[str]:
    """A phrase on each package whose version is not the recorded one."""
    here = comparison.record()["software"]
    return [
        f"{name} was {before}, here it is {here.get(name, 'unknown')}"
        for name, before in recorded.software.items()
        if here.get(name) != before
    ]


def _table_of_replayed(results: Sequence[Replayed]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "model": result.model,
            "condition": result.condition.value,
            "largest difference": f"{result.difference:.2g}",
            "": "same" if result.same else "different",
        }
        for result in results
    )


def _validation_cc(card: checkpoints.Card) -> str:
    conditions = card.metrics.get("validation", {})
    score = conditions.get(MACRO, {}).get("CC")
    return f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]" if score else "unknown"


def _table_of_scores(evaluator: FixationEvaluator) -> pd.DataFrame:
    """Conditions by metrics, each ``mean [low, high]``, and how many samples count."""
    table = evaluator.table()
    cells = table.apply(lambda row: f"{row['mean']:.3f} [{row['low']:.3f}, {row['high']:.3f}]", axis=1)
    scores = cells.unstack("metric").reindex(columns=evaluator.metrics)
    scores.insert(0, "n", table["n"].groupby("condition").max())
    return scores.reindex(table.index.unique("condition"))
