"""``python -m saliency.report.example_sentences``: how far example sentences move the models' maps, as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import yaml

from .. import checkpoints
from ..conditions import Condition
from ..metrics import cc
from ..models import registry
from ..predictor import Predictor
from ..training.targets.box_masks import box_mask
from ..ui.shared.examples import Example, examples
from .markdown import markdown_table

BOXES = Path(__file__).with_name("example_sentences.yaml")
TEXTS = (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)


def main(
    models: Annotated[list[str] | None, typer.Option("--model", help="by default those that read words")] = None,
) -> None:
    """Print a row per example and sentence.

    For each model: the CC with the pure map, and the share of the gaze that lies on what the sentence names, without
    and with the sentence.
    """
    specs = {card.name: registry.spec(card.model) for card in checkpoints.available()}
    words = [name for name, spec in specs.items() if spec.reads == "words" and spec.task == "gaze"]
    predictor = Predictor(models or words)
    boxes = yaml.safe_load(BOXES.read_text(encoding="utf-8"))
    rows = [row for example in examples() for row in measured(predictor, example, boxes.get(example.title, {}))]
    columns = [f"{title}: {what}" for title in predictor.titles.values() for what in ("CC", "share on it")]
    print(markdown_table(("Picture", "Sentence", *columns), rows))


def measured(predictor: Predictor, example: Example, boxes: Mapping) -> Iterator[tuple[str, ...]]:
    """A row per sentence of the example; the share is empty where no box says where the named thing is."""
    sentences = {condition: getattr(example, condition.value) for condition in TEXTS}
    found = predictor.predict(example.picture, {Condition.PURE: ""} | sentences)
    maps = {(p.model, p.condition): p.density for p in found.predictions}
    for condition, sentence in sentences.items():
        row = [example.title, sentence]
        for model in predictor.models:
            pure, read = maps[model, Condition.PURE], maps[model, condition]
            row.append(f"{cc(read, pure):z.2f}")
            named = boxes.get(condition.value)
            row.append(f"{on(pure, named):.0%} to {on(read, named):.0%}" if named else "")
        yield tuple(row)


def on(density: np.ndarray, boxes: Sequence[Sequence[float]]) -> float:
    """Share of a density (H, W) that lies in `boxes`, each x0 y0 x1 y1 in 0..1."""
    return float((density * box_mask(np.array(boxes), density.shape)).sum() / density.sum())


if __name__ == "__main__":
    typer.run(main)
