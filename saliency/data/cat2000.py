"""CAT2000 (Borji and Itti, 2015) as it is released: 20 categories of 100 pictures, free viewing of 18 people."""

from __future__ import annotations

from pathlib import Path

from .files import DENSITY_EXTENSIONS, FIXATION_EXTENSIONS, list_files
from .released import ReleasedDataset, chosen_splits
from .samples import IMAGE_EXTENSIONS

_SPLITS = {"train": "trainSet", "test": "testSet"}
_DERIVED = ("Output",)  # each category's folder has one with smaller pictures and maps


class Cat2000(ReleasedDataset):
    """``Stimuli``, ``FIXATIONMAPS`` and ``FIXATIONLOCS`` (``fixLocs``), each with ``CATEGORY/001``, in ``trainSet``.

    Args:
        root: the folder of ``trainSet`` and ``testSet``, or one of these.
        split: ``train``, or ``test``, which has pictures only; None is ``train``.

    Raises:
        DatasetError: there is no such split, or no picture.
    """

    def __init__(self, root: Path | str, split: str | None = None):
        root = Path(root)
        places = {name: root / folder for name, folder in _SPLITS.items() if (root / folder / "Stimuli").is_dir()}
        if not places:
            places = {"test" if root.name == "testSet" else "train": root}
        known = list(places)
        place = places[chosen_splits(split, known, known[:1])[0]]
        pictures, maps, fixations = (
            list_files(folder if (folder := place / name).is_dir() else None, extensions, ignored=_DERIVED)
            for name, extensions in (
                ("Stimuli", IMAGE_EXTENSIONS),
                ("FIXATIONMAPS", DENSITY_EXTENSIONS),
                ("FIXATIONLOCS", FIXATION_EXTENSIONS),
            )
        )
        unmatched = [path for files in (maps, fixations) for name, path in files.items() if name not in pictures]
        super().__init__(pictures, maps, fixations, unmatched)

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether ``root`` has ``trainSet`` or ``testSet`` with stimuli, or is one of them."""
        inside = any((root / folder / "Stimuli").is_dir() for folder in _SPLITS.values())
        return inside or ((root / "Stimuli").is_dir() and (root / "FIXATIONLOCS").is_dir())
