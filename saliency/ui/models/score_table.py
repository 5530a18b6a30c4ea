"""The scores of all models that ship in one table: of the Models tab, and of the Errors tab without a data set."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from saliency.metrics import get_profile
from saliency.ui.shared.component import Component


class ScoreTable(Component):
    """A row per model and a column per metric, for a condition that the visitor chooses.

    Args:
        cards: as `models.card_views` gives them.
        timed: whether size and speed are columns; the speed is filled in once the Models tab has measured it.
    """

    def __init__(self, cards: Sequence[Mapping[str, Any]], *, timed: bool = False, **options: Any):
        super().__init__("score_table", table=score_view(cards), timed=timed, **options)


def score_view(cards: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """What `score_table.js` shows, ready for JSON.

    Of the models of gaze, and the split that most of their cards have scores of: ``conditions`` and ``metrics`` (with
    ``lower``: whether less is better), and per model ``scores``, by condition a list over the metrics of ``[mean, low,
    high]`` or None, and ``n``, samples by condition.
    """
    cards = [card for card in cards if card["task"] == "gaze"]
    profile = get_profile("tuebingen").metrics
    splits = Counter(scores["split"] for card in cards for scores in card["scores"])
    split = splits.most_common(1)[0][0] if splits else None
    found = {card["name"]: scores for card in cards for scores in card["scores"] if scores["split"] == split}
    metrics = list(dict.fromkeys(name for scores in found.values() for name in scores["metrics"]))
    rows = [row for scores in found.values() for row in scores["rows"]]
    return {
        "split": split,
        "data": next((scores["data"] for scores in found.values() if scores["data"]), None),
        "conditions": list(dict.fromkeys(row["condition"] for row in rows)),
        "metrics": [{"name": name, "lower": name in profile and profile[name].lower_is_better} for name in metrics],
        "models": [
            {name: card[name] for name in ("name", "title", "file")} | _values(found.get(card["name"]), metrics)
            for card in cards
        ],
    }


def _values(scores: Mapping[str, Any] | None, metrics: Sequence[str]) -> dict[str, Any]:
    if scores is None:
        return {"scores": {}, "n": {}}
    by_metric = {row["condition"]: dict(zip(scores["metrics"], row["values"], strict=True)) for row in scores["rows"]}
    return {
        "scores": {condition: [values.get(name) for name in metrics] for condition, values in by_metric.items()},
        "n": {row["condition"]: row["n"] for row in scores["rows"]},
    }
