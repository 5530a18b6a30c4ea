"""The README's table of models, written between its two marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .. import checkpoints
from ..checkpoints import Card
from ..metrics.evaluator import MACRO
from ..models import registry
from .markdown import markdown_table
from .scores import ORDER

MARKS = "<!-- models: begin -->", "<!-- models: end -->"
HEADER = (
    "model",
    "reads the sentence",
    "CC pure",
    *(condition.title.split()[0].lower() for condition in ORDER[1:]),
    "parameters",
    "file",
)
READS = {"words": "word by word", "vector": "as one vector", "nothing": "not at all"}
WITHOUT_WEIGHTS = "not at all, nor does it learn"


def models_table(cards: Iterable[Card], oracle: Sequence[float]) -> str:
    """Markdown: a row per checkpoint with validation scores, those that read more first, then the better first.

    Args:
        oracle: CC of people's own pure map, which is text-blind, in the order of the conditions.
    """
    measured = [card for card in cards if "validation" in card.metrics]
    measured.sort(key=lambda card: (list(READS).index(_reads(card)), -_cc(card, MACRO)))
    best = [max(round(_cc(card, condition), 3) for card in measured) for condition in ORDER] if measured else []
    rows = [
        (
            registry.spec(card.model).title,
            READS[_reads(card)] if card.sha256 else WITHOUT_WEIGHTS,
            *(_score(_cc(card, condition), most) for condition, most in zip(ORDER, best, strict=True)),
            f"{card.parameters / 1e6:.1f} M" if card.sha256 else "none",
            f"{checkpoints.file_size(card.name) / 1e6:.1f} MB" if card.sha256 else "none",
        )
        for card in measured
    ]
    known = (f"*{_short(value)}*" for value in oracle)
    return markdown_table(
        HEADER, [*rows, ("*people's own pure map*", "*perfect, but text-blind*", *known, "", "")]
    ).replace("|  |  |", "| | |")


def _reads(card: Card) -> str:
    return registry.spec(card.model).reads if card.text_encoder else "nothing"


def _cc(card: Card, condition: str) -> float:
    return card.metrics["validation"][condition]["CC"].mean


def _score(value: float, best: float) -> str:
    return f"**{_short(value)}**" if round(value, 3) == best else _short(value)


def _short(value: float) -> str:
    """Three digits without the zero in front; a one is a one."""
    return "1" if round(value, 3) == 1 else f"{value:.3f}".removeprefix("0")
