"""Any data set of free viewing as three folders, ``images``, ``maps`` and ``fixations``, with files of one name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..conditions import Condition
from ..errors import DatasetError
from .samples import IMAGE_EXTENSIONS, Sample


class FolderDataset(Sequence[Sample]):
    """The pictures of ``images``, each under the pure condition, with its files of the same name in the other folders.

    Args:
        root: the folder. ``maps`` holds blurred maps of fixations, ``fixations`` binary ones of the picture's size; any
            image extension will do. These two folders, or single files of them, may be missing.

    Raises:
        DatasetError: there is no picture, or a folder has two files of one name.
    """

    def __init__(self, root: Path | str):
        self.root = Path(root)
        if not (self.root / "images").is_dir():
            raise DatasetError("This folder has not the expected layout: there is no folder “images” in it.")
        images, maps, fixations = (_files(self.root / name) for name in ("images", "maps", "fixations"))
        if not images:
            raise DatasetError("There is no picture in the folder “images” of the data set.")
        self._samples = [
            Sample(stem, stem, Condition.PURE, "", path, maps.get(stem), fixations.get(stem))
            for stem, path in images.items()
        ]

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: int) -> Sample:
        return self._samples[index]


def _files(folder: Path) -> dict[str, Path]:
    """Image files of `folder` by stem, in alphabetical order; none where there is no such folder."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.suffix.lower() not in IMAGE_EXTENSIONS:
            continue
        if path.stem in found:
            raise DatasetError(
                f"Two files in “{folder.name}” are called “{path.stem}”; which one to use cannot be known."
            )
        found[path.stem] = path
    return found
