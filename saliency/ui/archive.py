"""Everything a comparison holds, as one ZIP to take home."""

from __future__ import annotations

import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from saliency.results import Comparison


def write_archive(comparison: Comparison, path: Path) -> None:
    """Writes a ZIP of maps.npz (densities), maps.png (a figure), maps.csv (a row a map) and comparison.json."""
    with TemporaryDirectory() as folder, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, write in (
            ("maps.npz", comparison.to_npz),
            ("maps.png", comparison.to_png),
            ("maps.csv", comparison.to_csv),
            ("comparison.json", comparison.to_json),
        ):
            file = Path(folder) / name
            write(file)
            # The first two are compressed already.
            archive.write(file, name, zipfile.ZIP_STORED if name.endswith((".npz", ".png")) else None)
