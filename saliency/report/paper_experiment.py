"""An experiment of a paper in one command: runs that differ in one thing, trained and measured alike.

It writes into ``runs/experiments/NAME``: ``results.md`` with the tables, ``example.png`` with the maps of a picture,
and ``curves.png`` with training loss and validation score by epoch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .. import checkpoints
from ..analysis import METRICS, differences
from ..checkpoints import Card
from ..data import Sample
from ..data.two_things import two_things
from ..errors import RecipeError
from ..faults import first_fault
from ..imaging import open_picture
from ..metrics.bootstrap import Interval
from ..metrics.evaluator import table_of_means
from ..metrics.object_evaluator import PICTURE_METRICS
from ..predictor import Predictor
from ..resizing import bilinear
from ..results import resized
from ..results.rendering import overlay
from ..training.datasets import read_entries, read_masks, read_samples
from ..training.generated_captions import CAPTIONS, generated_captions
from ..training.recipe import DataSource, Recipe
from ..training.recipe_file import RECIPES, data_source, load_recipe, read_mapping, recipe_path
from ..training.runs import RUNS, run_checkpoint, run_history
from ..training.training_run import is_trained, train
from .markdown import format_interval, markdown_table
from .object_experiment import following, object_rows
from .predictions import Predict
from .scores import measure
from .training_curves import training_curves

EXPERIMENTS = RECIPES / "experiments"


class Variant(BaseModel):
    """A training run: a recipe with ``key=value`` overrides, its ``name`` among them where the run has another one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe: str
    overrides: tuple[str, ...] = ()


class Experiment(BaseModel):
    """A file of ``train/experiments``.

    Attributes:
        question: a sentence.
        runs: by the titles of their rows; the first is compared with each of the others.
        seeds: of every run; scores are means over them, picture by picture.
        data: what is measured on, by name.
        task: what the maps are of. For ``objects``, data with masks are measured by metrics of masks, and pictures
            with phrases by whether masks follow sentences about two of their things.
        example: a picture, relative to the repository's root, whose maps are drawn.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    question: str
    runs: dict[str, Variant] = Field(min_length=1)
    seeds: tuple[int, ...] = Field(default=(42,), min_length=1)
    data: dict[str, DataSource]
    task: Literal["gaze", "objects"] = "gaze"
    example: Path


def load_experiment(name: str) -> Experiment:
    """Read an experiment.

    Args:
        name: the path of a YAML file, or the name of an experiment that ships.

    Raises:
        RecipeError: it does not exist, or a key of it is unknown or has a wrong value.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else EXPERIMENTS / f"{name}.yaml"
    content = read_mapping(path)
    if isinstance(data := content.get("data"), Mapping):
        content["data"] = {name: data_source(source, RECIPES) for name, source in data.items()}
    try:
        return Experiment.model_validate(content)
    except ValidationError as error:
        raise RecipeError(f"The key “{first_fault(error).key}” of the experiment “{path.stem}” is wrong.") from None


def conduct(experiment: Experiment) -> Path:
    """Train the runs that have not ended, measure all, and write tables and figures; their folder."""
    recipes = {title: seeded(variant, experiment.seeds) for title, variant in experiment.runs.items()}
    for recipe in (recipe for group in recipes.values() for recipe in group):
        if not is_trained(recipe):
            train(recipe)
    predictors = {
        title: [Predictor([str(run_checkpoint(recipe.name))]) for recipe in group] for title, group in recipes.items()
    }
    parts = [f"# {experiment.question}", _costs(experiment, recipes)]
    for name, source in experiment.data.items():
        parts.append(f"## {name}\n\n{_measured(experiment, source, predictors)}")
    folder = RUNS / "experiments" / experiment.name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    firsts = {title: group[0] for title, group in predictors.items()}
    example_row(firsts, open_picture(experiment.example).pixels).savefig(folder / "example.png", dpi=110)
    histories = {title: [run_history(recipe.name) for recipe in group] for title, group in recipes.items()}
    training_curves(histories).savefig(folder / "curves.png", dpi=110)
    return folder


def _measured(experiment: Experiment, source: DataSource, predictors: Mapping[str, Sequence[Predictor]]) -> str:
    """Markdown: the runs on one of the experiment's data sources."""
    if experiment.task == "gaze":
        samples = [sample for sample in read_samples([source]) if isinstance(sample, Sample)]
        return compared(scored(predictors, samples), METRICS)
    if source.reader == "flickr8k_entities":
        return following(predictors, two_things(read_entries([source])))
    masks = read_masks([source])
    return compared(object_rows(predictors, masks, generated_captions(masks, CAPTIONS)), PICTURE_METRICS)


def seeded(variant: Variant, seeds: Sequence[int]) -> list[Recipe]:
    """The variant with each seed; runs of other seeds than its own have the seed in their name."""
    path = recipe_path(variant.recipe)
    own = load_recipe(path, variant.overrides)
    others = {seed: (f"seed={seed}", f"name={own.name}{seed}") for seed in seeds if seed != own.seed}
    return [load_recipe(path, (*variant.overrides, *others.get(seed, ()))) for seed in seeds]


def _costs(experiment: Experiment, recipes: Mapping[str, Sequence[Recipe]]) -> str:
    """Markdown: what each run took per epoch, and its size."""
    rows = []
    for title, group in recipes.items():
        cards = [checkpoints.read_card(run_checkpoint(recipe.name)) for recipe in group]
        seconds, cpu = (_per_epoch(cards, group, kind) for kind in ("minutes", "cpu_minutes"))
        rows.append((title, f"`{group[0].name}`", f"{cards[0].parameters:,}", seconds, cpu))
    header = ("", "run", "parameters", "seconds per epoch", "CPU seconds per epoch")
    seeds = ", ".join(str(seed) for seed in experiment.seeds)
    return f"Seeds: {seeds}.\n\n{markdown_table(header, rows)}"


def _per_epoch(cards: Sequence[Card], recipes: Sequence[Recipe], kind: str) -> str:
    epochs = sum(stage.epochs for recipe in recipes for stage in recipe.stages)
    efforts = [card.effort for card in cards]
    if None in efforts:
        return "not measured"
    return f"{60 * sum(getattr(effort, kind) for effort in efforts) / epochs:.1f}"


def scored(predictors: Mapping[str, Sequence[Predictor]], samples: Sequence[Sample]) -> pd.DataFrame:
    """One row per run and sample, the metrics as means over the seeds."""
    found = []
    for title, group in predictors.items():
        for predictor in group:
            rows = measure(predictions(predictor), samples, title).rows()
            found.append(rows.rename(columns={"id": "stem"}).assign(model=title))
    keys = ["model", "stem", "picture", "condition"]
    return pd.concat(found).groupby(keys, sort=False)[list(METRICS)].mean().reset_index()


def predictions(predictor: Predictor) -> Predict:
    """The maps of the predictor's only model."""
    [model] = predictor.models

    def predict(sample: Sample) -> np.ndarray:
        picture = sample.image()
        return resized(predictor.maps(picture, [sample.sentence], model)[0], picture.shape[:2])

    return predict


def compared(rows: pd.DataFrame, metrics: Sequence[str]) -> str:
    """Markdown: a row per run, and one per difference of the first and another, paired by sample."""
    titles = list(dict.fromkeys(rows["model"]))
    lines = {title: table_of_means(rows[rows["model"] == title], metrics).reset_index() for title in titles}
    for other in titles[1:]:
        lines[f"{titles[0]} minus {other}"] = differences(rows, titles[0], other, metrics)
    table = [
        (
            name,
            *(format_interval(Interval(row["mean"], row["low"], row["high"])) for _, row in of_metrics(means, metrics)),
        )
        for name, means in lines.items()
    ]
    pictures = rows["picture"].nunique()
    return f"{pictures} pictures.\n\n{markdown_table(('', *metrics), table)}"


def of_metrics(means: pd.DataFrame, metrics: Sequence[str]) -> list[tuple[str, pd.Series]]:
    """The last condition's row of each metric: the mean of all conditions where there are several."""
    rows = means.drop_duplicates("metric", keep="last").set_index("metric")
    return [(metric, rows.loc[metric]) for metric in metrics]


def example_row(predictors: Mapping[str, Predictor], picture: np.ndarray) -> Figure:
    """A row: the picture (H, W, 3), the map of each run over it, and the priors that runs have learned."""
    panels = {"picture": picture}
    priors = {}
    for title, predictor in predictors.items():
        [(model, card)] = predictor.cards.items()
        map_ = resized(predictor.maps(picture, [""], model)[0], picture.shape[:2])
        panels[title] = overlay(picture, (map_ / map_.max()).astype(np.float32))
        if card.location_prior:
            prior = np.array(card.location_prior)
            priors[f"prior, {prior.min():.3f} to {prior.max():.3f}"] = bilinear(prior, picture.shape[:2])
    for title, prior in priors.items():
        scaled = (prior - prior.min()) / (np.ptp(prior) or 1)
        panels[title] = overlay(np.zeros_like(picture), scaled, opacity=1)
    height, width = picture.shape[:2]
    figure = Figure(figsize=(2.6 * len(panels), 2.6 * height / width + 0.3), layout="constrained")
    for axis, (title, panel) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        axis.imshow(panel)
        axis.set_title(title, fontsize=8)
        axis.set(xticks=[], yticks=[])
    return figure
