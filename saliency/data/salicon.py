"""SALICON (Jiang et al., CVPR 2015) as it is released: pictures of COCO, mouse movements of some 60 people each."""

from __future__ import annotations

from pathlib import Path

from .files import DENSITY_EXTENSIONS, FIXATION_EXTENSIONS, list_files
from .released import ReleasedDataset, chosen_splits
from .samples import IMAGE_EXTENSIONS

_SPLITS = ("train", "val", "test")


class Salicon(ReleasedDataset):
    """``images/SPLIT/COCO_*.jpg``, ``maps/SPLIT/COCO_*.png`` and ``fixations/SPLIT/COCO_*.mat`` (a struct ``gaze``).

    Args:
        root: the folder.
        split: ``train``, ``val`` or ``test``, which has pictures only; None is the first two.

    Raises:
        DatasetError: there is no such split, or no picture.
    """

    def __init__(self, root: Path | str, split: str | None = None):
        root = Path(root)
        known = [name for name in _SPLITS if (root / "images" / name).is_dir()]
        pictures: dict[str, Path] = {}
        maps: dict[str, Path] = {}
        fixations: dict[str, Path] = {}
        for name in chosen_splits(split, known, [name for name in known if name != "test"] or known):
            pictures |= list_files(_folder(root / "images" / name), IMAGE_EXTENSIONS)
            maps |= list_files(_folder(root / "maps" / name), DENSITY_EXTENSIONS)
            fixations |= list_files(_folder(root / "fixations" / name), FIXATION_EXTENSIONS)
        unmatched = [path for files in (maps, fixations) for name, path in files.items() if name not in pictures]
        super().__init__(pictures, maps, fixations, unmatched)

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether the folders of splits have pictures of COCO."""
        return any(any((root / "images" / name).glob("COCO_*")) for name in _SPLITS)


def _folder(path: Path) -> Path | None:
    return path if path.is_dir() else None
