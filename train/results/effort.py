"""What the trainings behind the checkpoints took, as their cards tell."""

from __future__ import annotations

from collections.abc import Iterable

from saliency.checkpoints import Card, Effort

from .document import markdown_table


def known(cards: Iterable[Card]) -> dict[str, Effort]:
    """By name, the runs behind the cards and their own, where it was measured what they took."""
    found: dict[str, Effort] = {}
    for card in cards:
        runs = {name: part.effort for name, part in card.parts.items()} | {card.recipe.get("name"): card.effort}
        found |= {name: effort for name, effort in runs.items() if name and effort}
    return dict(sorted(found.items()))


def section(efforts: dict[str, Effort]) -> str:
    """Markdown: a row a run; empty where nothing is known."""
    if not efforts:
        return ""
    rows = [
        (f"`{name}`", f"{one.minutes:.0f}", f"{one.busy:.0f}", f"{one.cores} ({one.device})", one.precision)
        for name, one in efforts.items()
    ]
    return (
        "### What training takes\n\nMinutes from a recipe's first look at a training picture to its last validation, "
        "as the runs measured them; runs from before that was measured are not here. Busy: minutes of processor time "
        "in them, all cores together; with nothing else to do, a machine needs little more than these divided by its "
        "cores.\n\n"
    ) + markdown_table(("recipe", "minutes", "busy", "cores", "arithmetic"), rows)
