"""The Models tab: all scores in one table, and per model what its card says and its speed measured here at a click.

The captioner, which makes no maps of gaze, has a card below, without a speed.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import gradio as gr
import numpy as np
from PIL import Image

from saliency.checkpoints import Card
from saliency.conditions import COMPARED
from saliency.errors import UnknownModelError
from saliency.models.registry import network, translations
from saliency.models.spec import ModelSpec, NetworkSpec
from saliency.predictor import Predictor
from saliency.resizing import bilinear
from saliency.results.rendering import overlay
from saliency.timing import SIZE, machine, timed_rounds
from saliency.ui.constants import ENGINE
from saliency.ui.models.score_table import ScoreTable
from saliency.ui.shared.component import Component
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.presentation import data_uri
from saliency.ui.shared.sentences import chinese

ROUNDS = 5
OF_OBJECTS = ("MAE", "maxF", "meanF", "wF", "S", "meanE")  # metrics of masks that have room on the page
PRIOR_CELL = 60  # pixels of the picture of a prior per cell


def build(predictor: Predictor) -> None:
    """Adds the tab's content to the Blocks or Tab being built."""

    @guarded
    def measure(event: gr.EventData):
        yield from measured(predictor, str(event.model))

    cards = card_views(predictor)
    ScoreTable(cards, timed=True, elem_id="model-scores")
    described = [*cards, *captioner_views(predictor)]
    shown = Component("model_cards", cards=described, chinese=in_chinese(described), elem_id="models")
    # Without Gradio's own progress, which would lie over all the cards: the card shows it.
    running = shown.measure(
        measure,
        outputs=shown,
        show_progress="hidden",
        concurrency_limit=1,
        concurrency_id=ENGINE,
        api_visibility="private",
    )
    running.failure(lambda: None, outputs=shown, show_progress="hidden", api_visibility="private")
    shown.cancel(None, cancels=[running], api_visibility="private")


def card_views(predictor: Predictor) -> list[dict[str, Any]]:
    """Of each model what `model_cards.js` shows, ready for JSON."""
    return [
        card_view(card, predictor.specs[name]) | {"file": predictor.footprints[name].file}
        for name, card in predictor.cards.items()
    ]


def captioner_views(predictor: Predictor) -> list[dict[str, Any]]:
    """The card of the captioner as `card_views` has those of models; empty where there is none."""
    card = predictor.captioner
    if card is None:
        return []
    return [card_view(card, network(card.model)) | {"file": None}]


def card_view(card: Card, spec: NetworkSpec) -> dict[str, Any]:
    """What the card says, and the registry of the network's kind.

    ``reads`` is as `ModelSpec.reads` has it, and None of what is no model of gaze. Numbers are tables, one per split,
    with a row per condition and under each metric ``[mean, low, high]``, or None where it was not measured. Of the
    scores against masks there are those of `OF_OBJECTS`.
    """
    reads = (spec.reads if card.text_encoder else "nothing") if isinstance(spec, ModelSpec) else None
    record = card.model_dump(mode="json", exclude={"metrics", "config", "location_prior"})
    return record | {
        "title": spec.title,
        "summary": spec.summary.en,
        "paper": spec.paper,
        "link": spec.link,
        "reads": reads,
        "task": spec.task if isinstance(spec, ModelSpec) else None,
        "objects": card.objects and {name: record["objects"][name] for name in OF_OBJECTS},
        "prior": prior_view(card.location_prior) if card.location_prior else None,
        "scores": [_scores(split, conditions, card) for split, conditions in card.metrics.items()],
    }


def prior_view(prior: Sequence[Sequence[float]]) -> dict[str, Any]:
    """A learned prior (h, w) as a picture, enlarged as the model does it; dark is its ``low``, bright its ``high``."""
    values = np.array(prior)
    low, high = float(values.min()), float(values.max())
    rows, columns = values.shape
    enlarged = (bilinear(values, (PRIOR_CELL * rows, PRIOR_CELL * columns)) - low) / (high - low or 1)
    picture = overlay(np.zeros((*enlarged.shape, 3), np.uint8), enlarged, opacity=1)
    png = data_uri(Image.fromarray(picture), "PNG")
    return {"png": png, "low": low, "high": high, "rows": rows, "columns": columns}


def in_chinese(cards: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Chinese by what cards, as `card_view` gives them, say in English; what has none is shown as it was written."""
    known = {**chinese(), **translations()}
    found = {sentence: _translated(sentence, known) for card in cards for sentence in sentences_of(card)}
    return {sentence: translation for sentence, translation in found.items() if translation}


def _translated(sentence: str, known: Mapping[str, str]) -> str | None:
    """A sentence in Chinese, or, where a card lists several uses of a data set, each of them."""
    if sentence in known:
        return known[sentence]
    uses = sentence.split("; ")
    return "；".join(known[use] for use in uses) if all(use in known for use in uses) else None


def sentences_of(card: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of a card that people wrote, names and papers apart."""
    yield from (card["summary"], card["licence"], *card["limits"], *card["origin"])
    for data in card["data"]:
        yield from (data["use"], data["terms"])


def _scores(split: str, conditions: Mapping[str, Mapping[str, Any]], card: Card) -> dict[str, Any]:
    metrics = list(dict.fromkeys(metric for estimates in conditions.values() for metric in estimates))
    return {
        "split": split,
        # The recipe names the data that the run was validated on; cards without a recipe do not say.
        "data": card.recipe.get("validation", {}).get("reader") if split == "validation" else None,
        "metrics": metrics,
        "rows": [
            {
                "condition": condition,
                "n": max(estimate.n for estimate in estimates.values()),
                "values": [_interval(estimates.get(metric)) for metric in metrics],
            }
            for condition, estimates in conditions.items()
        ],
    }


def _interval(estimate: Any) -> list[float] | None:
    return [estimate.mean, estimate.low, estimate.high] if estimate else None


def measured(predictor: Predictor, model: str, rounds: int = ROUNDS) -> Iterator[dict[str, Any]]:
    """The size and speed of `model` on this machine: what is known before the first round, and after each.

    Yields JSON: ``model``, ``done`` and ``rounds``; ``seconds``, the median of each stage so far, for four maps of a
    photograph of ``picture`` (width, height) pixels; ``memory``, bytes of the weights; the ``machine`` and ``time``.

    Raises:
        UnknownModelError: there is no such model.
    """
    if model not in predictor.models:
        raise UnknownModelError("There is no such model here.")
    view = {
        "model": model,
        "rounds": rounds,
        "maps": len(COMPARED),
        "picture": SIZE[::-1],
        "memory": predictor.footprints[model].memory,
        "machine": asdict(machine(predictor)),
    }
    taken: list[Mapping[str, float]] = []
    yield view | {"done": 0, "seconds": None, "time": _now()}
    for seconds in timed_rounds(predictor, model, rounds):
        taken.append(seconds)
        yield view | {"done": len(taken), "seconds": _medians(taken), "time": _now()}


def _medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {stage: statistics.median(seconds[stage] for seconds in rounds) for stage in rounds[0]}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
