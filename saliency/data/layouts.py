"""A data set by its folder alone: which layout it has is seen from what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import DatasetError
from .folder import FolderDataset
from .samples import Sample
from .sjtu_tis import SjtuTis


@dataclass(frozen=True, eq=False)
class DataSet:
    """Samples with a name for people.

    Attributes:
        name: of the folder, without where it is.
        split: the part of it that is meant; None is everything.
        samples: those of one picture one after another; stems are unique.
    """

    name: str
    split: str | None
    samples: Sequence[Sample]


def open_data_set(root: Path | str, split: str | None = None) -> DataSet:
    """The data set of a folder laid out as SJTU-TIS or as images, maps and fixations.

    Args:
        split: as `SjtuTis` takes it; the other layout has none.

    Raises:
        DatasetError: the folder is missing or has neither layout, or as `SjtuTis` and `FolderDataset`.
    """
    root = Path(root)
    if not root.is_dir():
        raise DatasetError(f"There is no folder “{root.name}” to read a data set from.")
    if (root / "image_1800").is_dir():
        samples: Sequence[Sample] = SjtuTis(root, split)
    elif (root / "images").is_dir():
        if split is not None:
            raise DatasetError("A folder of images, maps and fixations has no splits.")
        samples = FolderDataset(root)
    else:
        raise DatasetError(
            f"The folder “{root.name}” is no data set: it has neither “image_1800”, as SJTU-TIS, nor “images”."
        )
    return DataSet(root.resolve().name, split, samples)
