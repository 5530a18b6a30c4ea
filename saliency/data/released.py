"""Base of the layouts of released data sets: samples made of files by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ..conditions import Condition
from ..errors import DatasetError
from .listed import Listed
from .samples import Sample


class ReleasedDataset(Listed[Sample]):
    """Pictures of free viewing with their maps and fixations.

    Args:
        pictures, maps, fixations: files by the picture's name.
        unmatched: files of ground truth that are of none of the pictures.

    Raises:
        DatasetError: there is no picture.
    """

    def __init__(
        self,
        pictures: Mapping[str, Path],
        maps: Mapping[str, Path],
        fixations: Mapping[str, Path],
        unmatched: Sequence[Path] = (),
    ):
        if not pictures:
            raise DatasetError("There is no picture in this data set.")
        self.unmatched = tuple(unmatched)
        self._items = [
            Sample(name, name, Condition.PURE, "", path, maps.get(name), fixations.get(name))
            for name, path in pictures.items()
        ]


def refuse_split(split: str | None, name: str) -> None:
    """Raises `DatasetError` where a split is asked of a data set that has none."""
    if split is not None:
        raise DatasetError("{name} has no splits.", name=name)


def chosen_splits(split: str | None, known: Sequence[str], default: Sequence[str]) -> Sequence[str]:
    """The splits that are read: the one that is asked for, or the default.

    Raises:
        DatasetError: there is no such split here.
    """
    if split is None:
        return default
    if split not in known:
        raise DatasetError(
            "There is no split “{split}” of this data set. There are: {known}.", split=split, known=", ".join(known)
        )
    return (split,)
