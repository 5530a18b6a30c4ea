"""The scores in the cards as CSV, for programs."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ..checkpoints import Card

DIGITS = 6


def scores_csv(cards: Sequence[Card]) -> str:
    """One line per model, split, condition and metric: ``mean``, ``low``, ``high`` (95 % interval) and ``n`` pictures.

    The condition ``macro`` is the mean over the conditions.
    """
    rows = [
        {"model": card.name, "split": split, "condition": condition, "metric": metric, **estimate.model_dump()}
        for card in cards
        for split, conditions in card.metrics.items()
        for condition, metrics in conditions.items()
        for metric, estimate in metrics.items()
    ]
    columns = ["model", "split", "condition", "metric", "mean", "low", "high", "n"]
    return pd.DataFrame(rows, columns=columns).round(DIGITS).to_csv(index=False, lineterminator="\n")
