"""Data sets of salient objects: a folder of pictures, and one of masks with files of the same name.

Those of DUTS (Wang et al., CVPR 2017), ECSSD (Yan et al., CVPR 2013), DUT-OMRON (Yang et al., CVPR 2013), HKU-IS (Li
and Yu, CVPR 2015) and PASCAL-S (Li et al., CVPR 2014) are read as released; so is the form that ``saliency prepare``
writes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..conditions import Condition
from ..errors import DatasetError
from ..messages import Message
from .files import IMAGE_FOLDERS, find_folder, list_files, match
from .listed import Listed
from .samples import IMAGE_EXTENSIONS, Sample, Shape, read_grey

# Without case, blanks, hyphens and underscores.
PICTURE_FOLDERS = (*IMAGE_FOLDERS, "dutomronimage")
MASK_FOLDERS = (
    "masks", "mask", "gt", "groundtruth", "groundtruthmask", "groundtruthmasks", "pixelwisegtnewpng", "pixelwisegtpng",
    "pixelwisegt",
)  # fmt: skip
SPLITS = {"train": "dutstr", "test": "dutste"}  # how DUTS calls the folders of each
MASK_ENDINGS = ("_mask", "_gt")


@dataclass(frozen=True)
class ObjectSample:
    """A picture and the mask of its salient objects. Files are read when asked for; `DatasetError` where one cannot be.

    Attributes:
        stem: names the picture; with a slash where the data set has folders of pictures.
        image_path: file of the picture.
        mask_path: file of the mask, a grey picture that is white on the objects.
    """

    stem: str
    image_path: Path
    mask_path: Path

    @property
    def viewed(self) -> Sample:
        """The picture as a sample of the pure condition without gaze, as sources of maps take it."""
        return Sample(self.stem, self.stem, Condition.PURE, "", self.image_path, None, None)

    def image(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB, turned upright by its EXIF tag."""
        return self.viewed.image()

    def shape(self) -> Shape:
        """Height and width of `image()`, without decoding it."""
        return self.viewed.shape()

    def mask(self) -> np.ndarray:
        """The mask, (H, W) bool, true on the objects: where its file is more than 128 of 255.

        Raises:
            DatasetError: it has another size than the picture, or holds 0 and 1 of 255, which are both black.
        """
        values, white = read_grey(self.mask_path)
        height, width = self.shape()
        if values.shape != (height, width):
            raise DatasetError(
                "The mask “{name}” of sample “{stem}” is {columns} x {rows}, the picture {width} x {height} pixels; a "
                "mask must have its picture's size.",
                name=self.mask_path.name,
                stem=self.stem,
                columns=values.shape[1],
                rows=values.shape[0],
                width=width,
                height=height,
            )
        if white > 1 and values.max() == 1:
            raise DatasetError(
                "The mask “{name}” of sample “{stem}” holds values of 0 and 1 only; white must be {white:g}.",
                name=self.mask_path.name,
                stem=self.stem,
                white=white,
            )
        return object_pixels(values, white)


def object_pixels(values: np.ndarray, white: float) -> np.ndarray:
    """Where a mask's values are of an object, bool: more than 128 of 255 of `white`."""
    return values > white * 128 / 255


class ObjectDataset(Listed[ObjectSample]):
    """The pictures of a data set of salient objects that have a mask.

    Folders are found without case, by `PICTURE_FOLDERS` and `MASK_FOLDERS`, in `root` or in a folder ``datasets`` of it
    (PASCAL-S); those of DUTS by their own names, ``DUTS-TR-Image`` and so on, in `root` or in ``DUTS-TR`` of it.
    Pictures in folders of folders are named with these; a mask is called as its picture, or ends with one of
    `MASK_ENDINGS`.

    Args:
        root: the folder.
        split: ``train`` or ``test`` of DUTS; None is everything that is there.

    Attributes:
        name: of the folder, without where it is.
        split: as above.
        notices: on pictures without a mask, which are left out, and on masks without a picture.

    Raises:
        DatasetError: the folder is missing, has no such layout or split, or none of its pictures has a mask.
    """

    def __init__(self, root: Path | str, split: str | None = None) -> None:
        root = Path(root)
        self.name, self.split = root.resolve().name, split
        if not root.is_dir():
            raise DatasetError("There is no folder “{name}” to read a data set from.", name=root.name)
        parts = _parts(root)
        if not parts:
            raise DatasetError(
                "The folder “{name}” is no data set of salient objects: it needs a folder of pictures, as “images”, "
                "and one of masks, as “masks”.",
                name=self.name,
            )
        if split is not None and split not in parts:
            raise DatasetError(
                "The data set “{name}” has no split “{split}”; there are: {known}.",
                name=self.name,
                split=split,
                known=", ".join(filter(None, parts)) or "-",
            )
        chosen = parts if split is None else {split: parts[split]}
        self._items: list[ObjectSample] = []
        self.notices: tuple[Message, ...] = ()
        for name, folders in chosen.items():
            self._add(*folders, f"{name}/" if len(chosen) > 1 else "")

    @classmethod
    def recognises(cls, root: Path) -> bool:
        """Whether the folder has this layout."""
        return root.is_dir() and bool(_parts(root))

    def _add(self, pictures_in: Path, masks_in: Path, prefix: str) -> None:
        """Adds the pictures of a folder with their masks, and notices."""
        pictures, masks = list_files(pictures_in, IMAGE_EXTENSIONS), list_files(masks_in, IMAGE_EXTENSIONS)
        found = match(masks, pictures, MASK_ENDINGS)
        if not found:
            raise DatasetError(
                "None of {count:,} pictures in “{folder}” has a mask of its name in “{masks}”.",
                count=len(pictures),
                folder=pictures_in.name,
                masks=masks_in.name,
            )
        self._items += [
            ObjectSample(prefix + name, path, found[name]) for name, path in pictures.items() if name in found
        ]
        self.notices += tuple(_coverage(pictures, masks, found))


def _parts(root: Path) -> dict[str, tuple[Path, Path]]:
    """Folders of pictures and of masks by split; the one of a data set without splits has no name."""
    found: dict[str, tuple[Path, Path]] = {}
    for split, code in SPLITS.items():
        for place in (root, find_folder(root, [code])):
            if place and (pair := _pair(place, (f"{code}image",), (f"{code}mask",))):
                found.setdefault(split, pair)
    if found:
        return found
    for place in (root, find_folder(root, ["datasets"])):
        if place and (pair := _pair(place, PICTURE_FOLDERS, MASK_FOLDERS)):
            return {"": pair}
    return {}


def _pair(place: Path, pictures: tuple[str, ...], masks: tuple[str, ...]) -> tuple[Path, Path] | None:
    found = find_folder(place, pictures), find_folder(place, masks)
    return (found[0], found[1]) if found[0] and found[1] else None


def _coverage(pictures: dict[str, Path], masks: dict[str, Path], found: dict[str, Path]) -> Iterator[Message]:
    without = [name for name in pictures if name not in found]
    if without:
        yield Message(
            "{without:,} of {total:,} pictures have no mask and are left out (first “{first}”).",
            without=len(without),
            total=len(pictures),
            first=without[0],
        )
    used = set(found.values())
    unmatched = [path for path in masks.values() if path not in used]
    if unmatched:
        yield Message(
            "Masks that have the name of no picture: {count:,} (first “{first}”).",
            count=len(unmatched),
            first=unmatched[0].name,
        )
