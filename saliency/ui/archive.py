"""Everything a comparison holds and shows, as one ZIP to take home; ``saliency replay`` runs it again."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from PIL import Image

from saliency.rendering import overlay
from saliency.replay import MAPS, PICTURE, RECORD
from saliency.results import Comparison

OVERLAY_SIDE = 1600  # pixels of an overlay's longer side: enough to print, and twelve of a large photograph stay small
_COMPRESSED = (".npz", ".png")


def write_archive(comparison: Comparison, tables: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Writes a ZIP: comparison.json, picture.png and maps.npz, from which it can be replayed; maps.csv, a row a map;
    metrics.csv; overlays/MODEL.CONDITION.png; and maps.png, all of them in a figure.

    Args:
        tables: the numbers shown with the comparison, ``tables`` of `presentation.present`.
    """
    small = comparison.reduced(OVERLAY_SIDE)
    with TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        file = Path(folder) / "file"

        def add(name: str) -> None:
            archive.write(file, name, zipfile.ZIP_STORED if name.endswith(_COMPRESSED) else None)

        for name, write in (
            (RECORD, comparison.to_json),
            (MAPS, comparison.to_npz),
            ("maps.csv", comparison.to_csv),
            ("maps.png", comparison.to_png),
        ):
            write(file)
            add(name)
        archive.writestr("metrics.csv", metrics_csv(tables))
        for name, image in [(PICTURE, comparison.picture)] + [
            (f"overlays/{p.model}.{p.condition.value}.png", overlay(small.picture, p.map)) for p in small.predictions
        ]:
            Image.fromarray(image).save(file, "PNG", compress_level=3)
            add(name)


def metrics_csv(tables: Sequence[Mapping[str, Any]]) -> str:
    """The numbers of `tables` in long form: table, model, condition, metric, value; empty where one is not defined."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("table", "model", "condition", "metric", "value"))
    for table in tables:
        for row in table["rows"]:
            named = dict(zip(table["columns"], row, strict=True))
            model, condition = named.pop("model", ""), named.pop("condition", "")
            writer.writerows((table["name"], model, condition, metric, value) for metric, value in named.items())
    return text.getvalue()
