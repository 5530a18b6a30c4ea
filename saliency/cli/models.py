"""``saliency models``: the checkpoints there are."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import typer

from .. import checkpoints
from ..metrics.evaluator import MACRO
from ..models.registry import spec


def models() -> None:
    """List the models that can be used now.

    First the checkpoints, then the baselines, which are there without weights.
    """
    typer.echo(_table_of_models([*checkpoints.available(), *checkpoints.baselines()]).to_string(index=False))


def _table_of_models(cards: Sequence[checkpoints.Card]) -> pd.DataFrame:
    """One row a model, as its card says; CC is on the validation split, averaged over the conditions."""
    return pd.DataFrame(
        {
            "name": card.name,
            "title": spec(card.model).title,
            "preset": card.preset,
            "text encoder": card.text_encoder or "none",
            "parameters": f"{card.parameters / 1e6:.1f} M" if card.sha256 else "no weights",
            "validation CC": _validation_cc(card),
            "pointing": f"{card.grounding.pointing:z.3f}" if card.grounding else "-",
            "licence": card.licence,
        }
        for card in cards
    )


def _validation_cc(card: checkpoints.Card) -> str:
    conditions = card.metrics.get("validation", {})
    score = conditions.get(MACRO, {}).get("CC")
    return f"{score.mean:z.3f} [{score.low:z.3f}, {score.high:z.3f}]" if score else "unknown"
