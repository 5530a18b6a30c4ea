"""``python -m train.results``: the one command behind the measured part of RESULTS.md and the cards' numbers."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from saliency import checkpoints
from saliency.checkpoints import Card
from saliency.data import Sample, SjtuTis
from saliency.errors import SaliencyError
from saliency.models import registry
from saliency.predictor import Predictor

from . import figures, grounding, markdown, oracle_boxes, published, readme, scores, text_sensitivity, training_cost
from .predictions import exchanged, model_predictions


def main(
    root: Annotated[Path, typer.Argument(help="folder of SJTU-TIS")] = Path("../shared/data/sjtu_tis"),
    phrases: Annotated[Path, typer.Option(help="folder of Flickr8k Entities")] = Path(
        "../shared/data/flickr8k_entities"
    ),
    path: Annotated[Path, typer.Option(help="file to write")] = Path("RESULTS.md"),
    models: Annotated[list[str] | None, typer.Option("--model", help="only these checkpoints")] = None,
    draw: Annotated[bool, typer.Option("--figures/--no-figures", help="draw the figures")] = True,
) -> None:
    """Measure the floors and every checkpoint on the validation pictures; write RESULTS.md, the README's table
    beside it unless only some were measured, the cards and the figures."""
    try:
        text, oracle = measured(root, phrases, models, draw)
        markdown.write(path, text)
        if models is None:
            table = readme.models_table(checkpoints.available(), oracle)
            markdown.write(path.with_name("README.md"), table, readme.MARKS)
    except SaliencyError as error:
        typer.echo(str(error), err=True)
        sys.exit(2)


def measured(root: Path, phrases: Path, models: Sequence[str] | None, draw: bool) -> tuple[str, list[float]]:
    """The measured part of RESULTS.md, and CC of people's own pure map in the order of the conditions; the checkpoints'
    cards and the figures are written on the way."""
    validation = list(SjtuTis(root, "validation"))
    others = exchanged(validation)
    predictor = Predictor(models)
    cards = predictor.cards
    rows = row_names(cards.values())
    maps = {name: model_predictions(predictor, name, validation, others) for name in cards}
    floors = scores.floors(SjtuTis(root, "training"), validation)
    tables = {name: scores.measure(predict, validation, name).table() for name, predict in floors.items()}
    pointing, better = {}, {}
    boxes = oracle_boxes.read_boxes()
    for name in cards:
        table = tables[rows[name]] = scores.measure(maps[name], validation, name).table()
        found = grounding.pointing(name, phrases)
        checkpoints.annotate(name, {"validation": scores.estimates(table)}, grounding=found)
        if found:
            pointing[rows[name]] = found
            better[rows[name]] = oracle_boxes.measure(name, validation, boxes)
    readers, blind = (
        {rows[name]: maps[name] for name, card in cards.items() if registry.spec(card.model).reads_text is reads}
        for reads in (True, False)
    )
    if draw:
        figures.draw(maps, validation, figures.FOLDER)
    sections = [
        introduction(validation),
        scores.section(tables),
        text_sensitivity.section(readers, blind, validation, others),
        grounding.section(pointing),
        oracle_boxes.section(better),
        published.section(published.read()),
        training_cost.section({rows[name]: card for name, card in cards.items()}),
        figures.section(figures.FOLDER),
    ]
    oracle = [float(tables[scores.ORACLE].loc[(condition, "CC"), "mean"]) for condition in scores.ORDER]
    return "\n\n".join(filter(None, sections)), oracle


def row_names(cards: Iterable[Card]) -> dict[str, str]:
    """How the tables name checkpoints, by name: by model, preset and seed, and with their name where that is not all
    that tells them apart."""
    titles = {card.name: f"**{registry.spec(card.model).title}** ({card.preset}, seed {card.seed})" for card in cards}
    shared = {title for title, count in Counter(titles.values()).items() if count > 1}
    return {name: f"{title} `{name}`" if title in shared else title for name, title in titles.items()}


def introduction(samples: Sequence[Sample]) -> str:
    """What was measured on, and how."""
    counts = ", ".join(
        f"{condition.title.lower()} {sum(sample.condition is condition for sample in samples)}"
        for condition in scores.ORDER
    )
    return (
        f"Made by `python -m train.results`. {len({sample.picture for sample in samples})} validation pictures of "
        f"SJTU-TIS, whose training pictures are others; samples: {counts}. Means over samples with 95 % bootstrap "
        "intervals over pictures; standard metrics at the pictures' own size (profile `tuebingen`). For KL lower is "
        "better."
    )


if __name__ == "__main__":
    typer.run(main)
