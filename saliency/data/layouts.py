"""A data set by its folder alone: which layout it has is recognised by what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from ..errors import DatasetError
from ..gaze.recording import DEFAULT_OPTIONS, GazeOptions
from ..messages import Message
from .cat2000 import Cat2000
from .coverage import check_ground_truth, has_ground_truth
from .folder import FolderDataset
from .mit1003 import Mit1003
from .osie import Osie
from .salicon import Salicon
from .samples import Sample
from .sjtu_tis import SjtuTis


class Layout(Protocol):
    """A layout: its samples, and whether a folder has it."""

    def __call__(self, root: Path, split: str | None = None) -> Sequence[Sample]:
        """Samples of a folder; `DatasetError` where it has not the layout, or no such split."""

    def recognises(self, root: Path) -> bool:
        """Whether the folder has this layout."""


# In the order in which they are tried: the last one takes any folder of pictures.
LAYOUTS: dict[str, Layout] = {
    "sjtu-tis": SjtuTis,
    "salicon": Salicon,
    "mit1003": Mit1003,
    "cat2000": Cat2000,
    "osie": Osie,
    "folder": FolderDataset,
}


@dataclass(frozen=True, eq=False)
class DataSet:
    """Samples with a name for people.

    Attributes:
        name: of the folder, without where it is.
        split: the part of it that is meant; None is everything.
        samples: those of one picture one after another; stems are unique.
        layout: a name of `LAYOUTS`.
        notices: sentences on what is not used, and on what has no ground truth where anything has.
    """

    name: str
    split: str | None
    samples: Sequence[Sample]
    layout: str = ""
    notices: tuple[Message, ...] = ()


def recognise(root: Path) -> str | None:
    """The layout of a folder, a name of `LAYOUTS`; None where it has none of them."""
    return next((name for name, layout in LAYOUTS.items() if layout.recognises(root)), None)


def open_data_set(
    root: Path | str,
    split: str | None = None,
    layout: str | None = None,
    *,
    require_ground_truth: bool = False,
    gaze: GazeOptions = DEFAULT_OPTIONS,
) -> DataSet:
    """The data set of a folder.

    Args:
        split: as its layout takes it.
        layout: a name of `LAYOUTS`; None finds it out.
        gaze: how its files of fixations are read.
        require_ground_truth: refuse a data set without any, before hours of predictions that cannot be scored.

    Raises:
        DatasetError: the folder is missing or has no layout of `LAYOUTS`, as the layout, or as `check_ground_truth`.
    """
    root = Path(root)
    if not root.is_dir():
        raise DatasetError(f"There is no folder “{root.name}” to read a data set from.")
    if layout is None:
        layout = recognise(root)
    if layout is None:
        raise DatasetError(
            f"The folder “{root.resolve().name}” is no data set: it has neither the layout of SJTU-TIS, SALICON, "
            "MIT1003, CAT2000 or OSIE, nor a folder “images”."
        )
    samples = LAYOUTS[layout](root, split)
    notices: tuple[Message, ...] = getattr(samples, "notices", ())
    if require_ground_truth or any(map(has_ground_truth, samples)):
        notices += check_ground_truth(samples, getattr(samples, "unmatched", ()))
    if gaze != DEFAULT_OPTIONS:
        samples = [replace(sample, gaze=gaze) for sample in samples]
    return DataSet(root.resolve().name, split, samples, layout, notices)
