"""What the trainings behind the checkpoints took, as their cards tell."""

from __future__ import annotations

from collections.abc import Mapping

from saliency.checkpoints import Card, Effort

from .document import markdown_table


def behind(card: Card) -> dict[str, Effort | None]:
    """By name, what the runs behind a card and its own took; None where nobody measured it."""
    return {name: part.effort for name, part in card.parts.items()} | {card.recipe.get("name", card.name): card.effort}


def section(cards: Mapping[str, Card]) -> str:
    """Markdown: a row a run, and what each checkpoint took from nothing; empty where nothing is known.

    Args:
        cards: by what the tables call them.
    """
    runs = {row: behind(card) for row, card in cards.items()}
    measured = {name: one for efforts in runs.values() for name, one in efforts.items() if one}
    if not measured:
        return ""
    rows = [
        (f"`{name}`", f"{one.minutes:.0f}", f"{one.cpu_minutes:.0f}", f"{one.cores} ({one.device})", one.precision)
        for name, one in sorted(measured.items())
    ]
    totals = [
        (row, " + ".join(f"`{name}`" for name in efforts), f"{sum(one.minutes for one in efforts.values()):.0f}")
        for row, efforts in runs.items()
        if all(efforts.values())
    ]
    parts = [
        "### What training takes",
        "Minutes from a recipe's first look at a training picture to its last validation, as the runs measured them; "
        "runs from before that was measured are not here, and neither is what an earlier training had kept for them. "
        "Busy: minutes of processor time in them, all cores together; with nothing else to do, a machine needs little "
        "more than these divided by its cores.",
        markdown_table(("recipe", "minutes", "busy", "cores", "arithmetic"), rows),
    ]
    if totals:
        parts += ["From nothing to a checkpoint:", markdown_table(("checkpoint", "recipes", "minutes"), totals)]
    return "\n\n".join(parts)
