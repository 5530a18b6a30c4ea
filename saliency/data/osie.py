"""OSIE (Xu et al., Journal of Vision 2014) as it is released: 700 pictures, free viewing of 15 people, no maps."""

from __future__ import annotations

from pathlib import Path

from .files import list_files
from .released import ReleasedDataset, refuse_split
from .samples import IMAGE_EXTENSIONS


class Osie(ReleasedDataset):
    """``data/stimuli/1001.jpg`` and so on, and ``data/eye/fixations.mat`` with everybody's fixations on all of them.

    Args:
        root: the folder of ``data``, or that one itself.
        split: there is none.

    Raises:
        DatasetError: there is no picture.
    """

    def __init__(self, root: Path | str, split: str | None = None):
        refuse_split(split, "OSIE")
        place = _place(Path(root)) or Path(root)
        folder = place / "stimuli"
        pictures = list_files(folder if folder.is_dir() else None, IMAGE_EXTENSIONS)
        file = place / "eye" / "fixations.mat"
        super().__init__(pictures, {}, dict.fromkeys(pictures, file) if file.is_file() else {})

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether there are ``stimuli`` and ``eye/fixations.mat``."""
        return _place(root) is not None


def _place(root: Path) -> Path | None:
    """The folder of ``stimuli`` and ``eye``."""
    places = (root / "data", root)
    return next((at for at in places if (at / "stimuli").is_dir() and (at / "eye" / "fixations.mat").is_file()), None)
