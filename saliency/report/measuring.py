"""The measured part of RESULTS.md, and the scores in the cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from .. import checkpoints
from ..checkpoints import Card
from ..data import Sample, SjtuTis
from ..models import registry
from ..predictor import Predictor
from . import (
    captioner_scores,
    figures,
    object_scores,
    oracle_boxes,
    pointing_scores,
    published,
    run_costs,
    scores,
    text_sensitivity,
)
from .predictions import exchanged, model_predictions


def measured(
    root: Path, phrases: Path, models: Sequence[str] | None, draw: bool, masks: Path
) -> tuple[str, list[float]]:
    """The measured part of RESULTS.md, and CC of people's own pure map in the order of the conditions.

    The checkpoints' cards and the figures are written on the way.

    Args:
        root: folder of SJTU-TIS.
        phrases: folder of Flickr8k Entities.
        models: names of the checkpoints; default all, the captioner and models of objects among them.
        draw: the figures.
        masks: folder of DUTS-TR.
    """
    validation = list(SjtuTis(root, "validation"))
    others = exchanged(validation)
    predictor = Predictor(models or _of_gaze(checkpoints.available()))
    cards = predictor.cards
    rows = row_names(cards.values())
    maps = {name: model_predictions(predictor, name, validation, others) for name in cards}
    floors = scores.floors(SjtuTis(root, "training"), validation)
    tables = {name: scores.measure(predict, validation, name).table() for name, predict in floors.items()}
    for card in checkpoints.baselines():
        found = scores.estimates(tables[registry.spec(card.model).title])
        checkpoints.annotate(card.name, {"validation": found})
    if not models:
        captioner_scores.write_card(phrases)
        object_scores.write_cards(masks)
    words, better = {}, {}
    boxes = oracle_boxes.read_boxes()
    for name in cards:
        table = tables[rows[name]] = scores.measure(maps[name], validation, name).table()
        pointed = pointing_scores.pointing(name, phrases)
        checkpoints.annotate(name, {"validation": scores.estimates(table)}, grounding=pointed)
        if pointed:
            words[rows[name]] = pointed
            better[rows[name]] = oracle_boxes.measure(name, validation, boxes)
    blind = [name for name, card in cards.items() if not registry.spec(card.model).reads_text]
    readers = {rows[name]: maps[name] for name in cards if name not in blind}
    # The best alone: a weaker picture half would be counted as what reading is worth.
    best = sorted(blind, key=lambda name: tables[rows[name]].loc[("pure", "CC"), "mean"])[-1:]
    if draw:
        figures.draw(maps, validation, figures.FOLDER)
    sections = [
        introduction(validation),
        scores.section(tables),
        text_sensitivity.section(readers, {rows[name]: maps[name] for name in best}, validation, others),
        pointing_scores.section(words),
        oracle_boxes.section(better),
        published.section(published.read()),
        run_costs.section({rows[name]: card for name, card in cards.items()}),
        figures.section(figures.FOLDER),
    ]
    oracle = [float(tables[scores.ORACLE].loc[(condition, "CC"), "mean"]) for condition in scores.ORDER]
    return "\n\n".join(filter(None, sections)), oracle


def _of_gaze(cards: Iterable[Card]) -> list[str]:
    """Names of the checkpoints whose maps are of gaze: models of objects have scores of another kind."""
    return [card.name for card in cards if registry.spec(card.model).task == "gaze"]


def row_names(cards: Iterable[Card]) -> dict[str, str]:
    """The titles of checkpoints in the tables, by name: model, preset and seed.

    Where several checkpoints share these, their names are added.
    """
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
        f"Made by `saliency results`. {len({sample.picture for sample in samples})} validation pictures of "
        f"SJTU-TIS, whose training pictures are others; samples: {counts}. Means over samples with 95 % bootstrap "
        "intervals over pictures; standard metrics at the pictures' own size (profile `tuebingen`). For KL lower is "
        "better."
    )
