"""How runs learned: training loss and validation score by epoch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.figure import Figure


def training_curves(histories: Mapping[str, Sequence[Sequence[Mapping[str, Any]]]]) -> Figure:
    """Two panels, training loss and validation score, a colour per title and a line per seed.

    Args:
        histories: by title, of each seed; see `run_history`.
    """
    figure = Figure(figsize=(8, 3), layout="constrained")
    panels = dict(zip((("training", "loss"), ("validation", "score")), figure.subplots(1, 2), strict=True))
    for (part, name), axis in panels.items():
        for number, (title, seeds) in enumerate(histories.items()):
            for seed, epochs in enumerate(seeds):
                values = [epoch[part][name] for epoch in epochs]
                label = None if seed else title
                axis.plot(range(1, len(values) + 1), values, "o-", ms=3, lw=1.2, color=f"C{number}", label=label)
        axis.set(xlabel="epoch", ylabel=f"{part} {name}")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.spines[["top", "right"]].set_visible(False)
    figure.axes[1].legend(fontsize=8, frameon=False)
    return figure
