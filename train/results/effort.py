"""What the trainings behind the checkpoints took, as their cards tell."""

from __future__ import annotations

from collections.abc import Iterable

from saliency.checkpoints import Card, Effort

from .document import markdown_table


def known(cards: Iterable[Card]) -> dict[str, Effort]:
    """By name, the runs behind the cards and their own, where it was measured what they took."""
    found: dict[str, Effort | None] = {}
    for card in cards:
        found |= {name: part.effort for name, part in card.parts.items()}
        found[card.recipe.get("name", card.name)] = card.effort
    return {name: effort for name, effort in sorted(found.items()) if effort}


def section(efforts: dict[str, Effort]) -> str:
    """Markdown: a row a run."""
    rows = [
        (f"`{name}`", f"{effort.minutes:.0f}", f"{effort.busy:.0f}", f"{effort.cores} ({effort.device})", effort.precision)
        for name, effort in efforts.items()
    ]
    return (
        "### What training takes\n\nMinutes from a recipe's first look at a picture to its last validation, as the runs "
        "measured them; runs from before that was measured are not here. Busy: minutes of "
        "processor time, of all cores together; on a machine that does nothing else about as many times the minutes.\n\n"
    ) + markdown_table(("recipe", "minutes", "busy", "cores", "arithmetic"), rows)
