"""A comparison as one ZIP with all its maps, figures and numbers; ``saliency replay`` runs it again."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from ..checkpoints import Card
from ..comparison_tables import compared
from ..messages import Message
from ..results import Comparison
from ..results.rendering import overlay
from ..spreadsheet import no_formula
from .readme import readme
from .recorded import MAPS, PICTURE, RECORD

OVERLAY_SIDE = 1600  # pixels of an overlay's longer side: enough to print, and twelve of a large photograph stay small
_COMPRESSED = (".npz", ".png")


def write_archive(
    comparison: Comparison,
    path: Path,
    tables: Sequence[Mapping[str, Any]] | None = None,
    progress: Callable[[float, Message], None] | None = None,
    truth: Mapping[str, Any] | None = None,
    cards: Mapping[str, Card] | None = None,
) -> None:
    """Write a ZIP with a comparison.

    It holds README.txt, what is in it and under which terms; comparison.json, picture.png and maps.npz, from which it
    can be replayed; maps.csv, one row per map; metrics.csv; ground_truth.json, how the ground truth was read;
    overlays/MODEL.CONDITION.png; cutouts/MODEL.CONDITION.png of models of objects; and maps.png, all maps in one
    figure.

    Args:
        tables: the numbers shown with the comparison, each the fields of a `comparison_tables.Table`; default those of
            `comparison_tables.compared`.
        truth: ``record`` of the `comparison_tables.GroundTruth` that they are of; None where there was none.
        cards: of the models by name, for licences and citations.
        progress: called before each file with the share of files written. What it raises ends the work.
    """
    if tables is None:
        tables = [asdict(table) for table in compared(comparison)]
    text = readme(comparison, cards or {})
    files = {"README.txt": lambda file: file.write_text(text, encoding="utf-8")} | _files(comparison, tables)
    if truth:
        files["ground_truth.json"] = lambda file: file.write_text(json.dumps(truth, indent=2), encoding="utf-8")
    with TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        file = Path(folder) / "file"
        for number, (name, write) in enumerate(files.items()):
            if progress:
                progress(number / len(files), Message("Writing {name}", name=name))
            write(file)
            archive.write(file, name, zipfile.ZIP_STORED if name.endswith(_COMPRESSED) else None)


def _files(comparison: Comparison, tables: Sequence[Mapping[str, Any]]) -> dict[str, Callable[[Path], None]]:
    """By name, what writes each file."""
    small = comparison.reduced(OVERLAY_SIDE)
    overlays = {
        f"overlays/{p.model}.{p.condition.value}.png": lambda file, p=p: _write_png(overlay(small.picture, p.map), file)
        for p in small.predictions
    }
    cutouts = {
        f"cutouts/{p.model}.{p.condition.value}.png": lambda file, p=p: comparison.to_cutout(file, p.model, p.condition)
        for p in comparison.predictions
        if p.task == "objects"
    }
    return {
        RECORD: comparison.to_json,
        MAPS: comparison.to_npz,
        "maps.csv": comparison.to_csv,
        "maps.png": comparison.to_png,
        "metrics.csv": lambda file: file.write_text(metrics_csv(tables), encoding="utf-8"),
        PICTURE: lambda file: _write_png(comparison.picture, file),
        **overlays,
        **cutouts,
    }


def _write_png(image: np.ndarray, file: Path) -> None:
    Image.fromarray(image).save(file, "PNG", compress_level=3)


def metrics_csv(tables: Sequence[Mapping[str, Any]]) -> str:
    """The numbers of `tables` in long form: table, model, condition, metric, value; empty where one is not defined.

    A table of fixations has a row with their number, too, of the metric ``fixations`` and no model.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("table", "model", "condition", "metric", "value"))
    for table in tables:
        for row in table["rows"]:
            named = dict(zip(table["columns"], row, strict=True))
            model, condition = named.pop("model", ""), no_formula(named.pop("condition", ""))
            writer.writerows((table["name"], model, condition, metric, value) for metric, value in named.items())
        if table.get("fixations") is not None:
            writer.writerow((table["name"], "", "", "fixations", table["fixations"]))
    return text.getvalue()
