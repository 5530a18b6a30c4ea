"""A selection of samples as one self-contained HTML file: means, then pictures with every model's map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jinja2 import Environment, FileSystemLoader
from PIL import Image

from saliency import __version__
from saliency.analysis import Analysis, means
from saliency.conditions import Condition
from saliency.data import Sample
from saliency.messages import Message
from saliency.metrics.evaluator import MACRO
from saliency.results import Comparison, resized
from saliency.results.rendering import overlay
from saliency.ui.errors.sample_presentation import find, notices_on
from saliency.ui.shared.presentation import data_uri
from saliency.ui.shared.sentences import language, translate, translated
from saliency.ui.shared.texts import section

PICTURES = 50  # samples that are shown; the means count all
_SIDE = 360  # pixels of a picture's longer side
_DRAWN: dict[str, Any] = {"opacity": 0.7, "colormap": "viridis", "fading": True}  # as the app draws maps at first


def number(value: float, digits: int) -> str:
    """With a true minus sign, and none before a zero."""
    return f"{value:z.{digits}f}".replace("-", "−")


_templates = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True)
_templates.globals["translate"] = translate
_templates.filters["number"] = number


def write_report(study: Analysis, stems: Sequence[str], chosen: str, path: Path) -> Iterator[tuple[int, int]]:
    """Writes the report of the samples `stems`; yields how many of the pictures are done, and of how many.

    The first `PICTURES` are shown, in the order given; the file is there when the iteration has ended.

    Args:
        chosen: how the samples were chosen, in the visitor's words.

    Raises:
        DatasetError: no sample is called so.
    """
    samples = [find(study, stem) for stem in dict.fromkeys(stems)]
    shown = []
    for number, sample in enumerate(samples[:PICTURES]):
        yield number, min(len(samples), PICTURES)
        shown.append(_entry(study, sample))
    table = study.table()
    selected = table[table["stem"].isin({sample.stem for sample in samples})]
    path.write_text(
        _templates.get_template("report.html").render(
            data=study.data,
            of_objects=study.task == "objects",
            language=language(),
            chosen=chosen,
            samples=len(samples),
            total=len(study.samples),
            pictures=len({sample.picture for sample in samples}),
            entries=shown,
            metrics={name: section("common")[f"about_{name}"][language()] for name in study.metrics},
            lower=[name for name in study.metrics if name in study.lower],
            means=_means(means(selected, study.metrics).to_dict("records"), study),
            models=list(study.sources.values()),
            left_out=[{"stem": entry.stem, "why": translated(entry.why)} for entry in study.left_out()],
            notices=[translated(notice) for notice in (*study.notices(), *study.sample_notices())],
            version=__version__,
            time=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        ),
        encoding="utf-8",
    )


def _means(rows: Sequence[dict[str, Any]], study: Analysis) -> list[dict[str, Any]]:
    """One line per condition and model, with the cells of its metrics in their order."""
    lines: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        condition = (
            translated(Message("Mean of the conditions")) if row["condition"] == MACRO else _name(row["condition"])
        )
        title = study.titles[row["model"]]
        line = lines.setdefault((row["condition"], row["model"]), {"condition": condition, "model": title, "cells": {}})
        line["cells"][row["metric"]] = row
    order = [*(condition.value for condition in Condition), MACRO]
    return [lines[key] for key in sorted(lines, key=lambda key: order.index(key[0]))]


def _name(condition: str) -> str:
    return translated(Message("{condition.title}", condition=Condition(condition)))


def _entry(study: Analysis, sample: Sample) -> dict[str, Any]:
    """A sample as the template takes it."""
    comparison, missing = study.answers(sample)
    small = comparison.reduced(_SIDE)
    return {
        "stem": sample.stem,
        "condition": _name(sample.condition),
        "sentence": sample.sentence,
        "picture": _jpeg(small.picture),
        "truth": _truth(study, sample, small, comparison.picture.shape[:2]),
        "models": [
            {
                "title": prediction.title,
                "picture": _jpeg(overlay(small.picture, reduced.map, **_DRAWN)),
                "scores": study.score(sample, prediction).values,
            }
            for prediction, reduced in zip(comparison.predictions, small.predictions, strict=True)
        ],
        "notices": [translated(notice) for notice in notices_on(sample, comparison, missing)],
    }


def _truth(study: Analysis, sample: Sample, small: Comparison, shape: tuple[int, int]) -> str | None:
    """The ground truth, with fixations, as a picture; None where the data set does not have either."""
    density, fixations = study.truth(sample), sample.fixations()
    if density is None and fixations is None:
        return None
    height, width = small.picture.shape[:2]
    shown = small.picture.copy()
    if density is not None and density.max() > 0:
        shown = overlay(shown, resized(density / density.max(), (height, width)), **_DRAWN)
    for row, column in () if fixations is None else fixations:
        centre = (int((column + 0.5) * width / shape[1]), int((row + 0.5) * height / shape[0]))
        cv2.circle(shown, centre, 3, (0, 0, 0), -1, cv2.LINE_AA)
        cv2.circle(shown, centre, 2, (255, 255, 255), -1, cv2.LINE_AA)
    return _jpeg(shown)


def _jpeg(picture: np.ndarray) -> str:
    return data_uri(Image.fromarray(picture), "JPEG", quality=82)
