"""The figure of an evaluation on salient objects: precision against recall, and F-measure by threshold."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from ..metrics.object_evaluator import thresholds
from ..metrics.objects import Curve


def figure_of(curves: Mapping[str, Mapping[str, Curve]], data: str) -> Figure:
    """Two panels with a line per model. It belongs to no window.

    Args:
        curves: of `ObjectEvaluator.curves`, by the model's name for people.
        data: name of the data set.
    """
    figure = Figure(figsize=(9, 4), layout="constrained")
    pr, f = figure.subplots(1, 2)
    for name, own in curves.items():
        pr.plot(own["recall"], own["precision"], label=name)
        f.plot(thresholds(), own["F"], label=name)
    for axes, across, up in ((pr, "Recall", "Precision"), (f, "Threshold", "F-measure (beta² = 0.3)")):
        axes.set(xlabel=across, ylabel=up, xlim=(0, 1), ylim=(0, 1.02))
        axes.grid(alpha=0.3)
    pr.legend()
    figure.suptitle(data)
    return figure
