"""One figure per condition: validation pictures with the density of gaze and the map of every model.

Figures stay out of the repository: the pictures may not be given away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from ..data import Sample
from ..metrics import cc
from ..results.rendering import overlay
from ..training.runs import RUNS
from .predictions import Predict
from .scores import ORDER, people

FOLDER = RUNS / "figures"
PLACES = (1 / 8, 3 / 8, 5 / 8, 7 / 8)
RULE = "the samples in the middle of each quarter when ordered by the models' mean CC, the worst first"


def section(folder: Path) -> str:
    """Markdown: where the figures are and why they are not here."""
    return (
        "### Figures\n\n"
        f"`saliency results` draws `{folder.as_posix()}/CONDITION.png`: pictures, where people looked, and "
        f"every model's map. Nothing was picked by hand: shown are {RULE}. They are not in the repository because "
        "the pictures of SJTU-TIS may not be redistributed."
    )


def draw(models: Mapping[str, Predict], samples: Sequence[Sample], folder: Path) -> None:
    """Writes ``CONDITION.png`` into `folder` for every condition of `samples`; `models` by name."""
    folder.mkdir(parents=True, exist_ok=True)
    for condition in ORDER:
        own = [sample for sample in samples if sample.condition is condition]
        if own:
            figure = figure_of(models, chosen(models, own))
            figure.suptitle(f"{condition.title}: {RULE}", fontsize=9)
            figure.savefig(folder / f"{condition.value}.png", dpi=110)


def chosen(models: Mapping[str, Predict], samples: Sequence[Sample]) -> list[Sample]:
    """As `RULE` says; fewer where the samples are fewer."""

    def mean_cc(sample: Sample) -> float:
        return float(np.mean([cc(predict(sample), people(sample)) for predict in models.values()]))

    order = sorted(samples, key=mean_cc)
    return [order[place] for place in sorted({int(share * len(order)) for share in PLACES})]


def figure_of(models: Mapping[str, Predict], samples: Sequence[Sample]) -> Figure:
    """One row per sample under its sentence: the picture, the density of gaze, and each map with its CC."""
    columns = 2 + len(models)
    figure = Figure(figsize=(2.4 * columns, 2.4 * len(samples) + 0.4), layout="constrained")
    for row, sample in zip(figure.subfigures(len(samples), 1, squeeze=False)[:, 0], samples, strict=True):
        # Sentences may hold dollar signs, which are no mathematics.
        row.suptitle(sample.sentence or "(no sentence)", x=0.01, ha="left", fontsize=9, parse_math=False)
        axes = row.subplots(1, columns)
        picture = sample.image()
        axes[0].imshow(picture)
        axes[0].set_title("picture", fontsize=8)
        maps = {"people": people(sample)} | {name: predict(sample) for name, predict in models.items()}
        for axis, (name, map_) in zip(axes[1:], maps.items(), strict=True):
            score = "" if name == "people" else f", CC {cc(map_, maps['people']):z.2f}"
            axis.imshow(overlay(picture, _for_display(map_)))
            axis.set_title(f"{name}{score}", fontsize=8)
        for axis in axes:
            axis.set(xticks=[], yticks=[])
    return figure


def _for_display(map_: np.ndarray) -> np.ndarray:
    """Scaled from its minimum to its maximum."""
    low, high = map_.min(), map_.max()
    return (map_ - low) / (high - low) if high > low else np.zeros_like(map_)
