"""The cost of the training runs behind the checkpoints, from their cards."""

from __future__ import annotations

from collections.abc import Mapping

from ..checkpoints import Card, Effort
from .markdown import markdown_table


def behind(card: Card) -> dict[str, Effort | None]:
    """By name, the cost of the runs behind a card and of its own; None without a measurement."""
    started = {start["run"]: None for start in card.recipe.get("start", ()) if start.get("run")}  # some left no record
    parts = {name: part.effort for name, part in card.parts.items()}
    return started | parts | {card.recipe.get("name", card.name): card.effort}


def section(cards: Mapping[str, Card]) -> str:
    """Markdown: a row per run, and the total per checkpoint; empty without measurements.

    Args:
        cards: by their names in the tables.
    """
    runs = {row: behind(card) for row, card in cards.items()}
    measured = {name: one for efforts in runs.values() for name, one in efforts.items() if one}
    if not measured:
        return ""
    rows = [
        (f"`{name}`", f"{one.minutes:.0f}", f"{one.cpu_minutes:.0f}", f"{one.cores} ({one.device})", one.precision)
        for name, one in sorted(measured.items())
    ]
    totals = []
    for row, efforts in runs.items():
        minutes = [one.minutes for one in efforts.values() if one]
        if len(minutes) == len(efforts):
            totals.append((row, " + ".join(f"`{name}`" for name in efforts), f"{sum(minutes):.0f}"))
    parts = [
        "### What training takes",
        "Minutes from a recipe's first training batch to its last validation, as the runs measured them; runs without "
        "a measurement and what earlier runs had cached for them are not included. CPU minutes: CPU time of the main "
        "process, summed over cores; an idle machine needs little more than these divided by its cores.",
        markdown_table(("recipe", "minutes", "CPU minutes", "cores", "arithmetic"), rows),
    ]
    if totals:
        parts += ["From nothing to a checkpoint:", markdown_table(("checkpoint", "recipes", "minutes"), totals)]
    return "\n\n".join(parts)
