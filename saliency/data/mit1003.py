"""MIT1003 (Judd et al., ICCV 2009) as it is released: 1,003 pictures, free viewing of 15 people."""

from __future__ import annotations

from pathlib import Path

from .files import EITHER_ENDING, list_files, match
from .released import ReleasedDataset, refuse_split
from .samples import IMAGE_EXTENSIONS


class Mit1003(ReleasedDataset):
    """``ALLSTIMULI/*.jpeg``; in ``ALLFIXATIONMAPS`` the blurred ``*_fixMap.jpg`` and the fixations ``*_fixPts.jpg``.

    Args:
        root: the folder.
        split: there is none.

    Raises:
        DatasetError: there is no picture.
    """

    def __init__(self, root: Path | str, split: str | None = None):
        refuse_split(split, "MIT1003")
        root = Path(root)
        pictures = list_files(root / "ALLSTIMULI", IMAGE_EXTENSIONS)
        folder = root / "ALLFIXATIONMAPS"
        files = list_files(folder if folder.is_dir() else None, IMAGE_EXTENSIONS)
        maps, fixations = match(files, pictures, [EITHER_ENDING]), match(files, pictures, ["_fixpts"])
        used = {*maps.values(), *fixations.values()}
        super().__init__(pictures, maps, fixations, [path for path in files.values() if path not in used])

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether there is a folder ``ALLSTIMULI``."""
        return (root / "ALLSTIMULI").is_dir()
