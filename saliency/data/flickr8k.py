"""Flickr8k pictures with Flickr30k Entities (Plummer et al., ICCV 2015): captions whose phrases have boxes."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..errors import DatasetError
from .listed import Listed

# Near duplicates: they belong on one side of a split.
_TOGETHER = {"3050606344": "2851198725"}


@dataclass(frozen=True)
class Phrase:
    """A part of a caption that names regions of the picture.

    Attributes:
        start, end: first word and the one behind the last, of the caption split at blanks.
        boxes: (n, 4) x0 y0 x1 y1 in 0..1, at least one.
        kind: class of the thing, in the data set's words (``people``, ``scene``, ``animals/scene``); may be empty.
    """

    start: int
    end: int
    boxes: np.ndarray
    kind: str = ""


@dataclass(frozen=True)
class Caption:
    """A sentence about the picture and its phrases that have boxes."""

    text: str
    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Entry:
    """A picture with its captions."""

    id: str
    image_path: Path
    captions: tuple[Caption, ...]


class Flickr8kEntities(Listed[Entry]):
    """The entries of a folder with ``images/ID.jpg`` and ``annotations.jsonl.gz``.

    Of the latter a line is a picture: ``{"id": "...", "boxes": {CHAIN: [[x0, y0, x1, y1], ...], ...}, "captions":
    [{"text": "...", "phrases": [[START, END, CHAIN, KIND], ...]}, ...]}``, as in `Phrase`; a chain is what phrases of
    several captions name alike.

    Args:
        root: the folder.
        split: ``training`` or ``validation`` (every 20th picture by id, near duplicates together); None is everything.

    Raises:
        DatasetError: the annotations cannot be read, or there is no such split.
    """

    def __init__(self, root: Path | str, split: str | None = None):
        self.root = Path(root)
        if split not in (None, "training", "validation"):
            raise DatasetError(f"There is no split “{split}” of this data set. There are: training, validation.")
        try:
            with gzip.open(self.root / "annotations.jsonl.gz", "rt", encoding="utf-8") as lines:
                entries = [self._entry(json.loads(line)) for line in lines]
        except (OSError, EOFError, ValueError, KeyError) as error:
            raise DatasetError("This folder has no readable “annotations.jsonl.gz” of Flickr8k Entities.") from error
        self._items = [entry for entry in entries if split is None or (split == "validation") == _held_out(entry.id)]

    def _entry(self, record: dict) -> Entry:
        boxes = {chain: np.asarray(value, dtype=np.float32) for chain, value in record["boxes"].items() if value}
        captions = tuple(
            Caption(
                caption["text"],
                tuple(Phrase(s, e, boxes[chain], kind) for s, e, chain, kind in caption["phrases"] if chain in boxes),
            )
            for caption in record["captions"]
        )
        return Entry(record["id"], self.root / "images" / f"{record['id']}.jpg", captions)


def _held_out(picture: str) -> bool:
    return int(_TOGETHER.get(picture, picture)) % 20 == 7
