"""SJTU-TIS (Sun et al., ISCAS 2023): pictures, sentences of four kinds, and the gaze of 15 people a condition.

Reads the public release (a picture per condition, PNG) and a copy with one picture per id alike.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from ..conditions import Condition
from ..errors import DatasetError
from .files import list_files
from .listed import Listed
from .samples import Sample, find_image

SHIPPED_SPLIT = Path(__file__).with_name("sjtu_tis_split.json")

_BY_SUFFIX = {condition.suffix: condition for condition in Condition}


class SjtuTis(Listed[Sample]):
    """The samples of a folder with ``image_1800``, ``map_1800``, ``fixation_1800`` and ``text.json``.

    Args:
        root: the folder.
        split: ``training``, ``validation`` or ``test``; None is everything. Taken from ``split.json`` where the folder
            has one, else that of the shipped checkpoints, which were not trained on ``test``.
        conditions: only these; None is all.

    Raises:
        DatasetError: something expected is missing; the sentence names it.
    """

    def __init__(self, root: Path | str, split: str | None = None, conditions: Iterable[Condition] | None = None):
        self.root = Path(root)
        for name in ("image_1800", "fixation_1800", "text.json"):
            if not (self.root / name).exists():
                raise DatasetError(f"This folder has not the layout of SJTU-TIS: “{name}” is missing.")
        wanted = set(Condition) if conditions is None else set(conditions)
        sentences = _read_json(self.root / "text.json")
        files = list_files(self.root / "fixation_1800", (".png",), recursive=False)
        samples = [self._sample(stem, path, sentences) for stem, path in files.items()]
        if split is not None:
            chosen = self._split(split, samples)
            samples = [sample for sample in samples if sample.picture in chosen]
        self._items = [sample for sample in samples if sample.condition in wanted]

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether there is a folder ``image_1800``."""
        return (root / "image_1800").is_dir()

    def _sample(self, stem: str, fixation_path: Path, sentences: dict[str, str]) -> Sample:
        picture, condition = parse_stem(stem)
        image_path = find_image(self.root / "image_1800", stem, f"{picture}_0")
        if image_path is None:
            raise DatasetError(f"SJTU-TIS: the picture of sample “{stem}” is missing.")
        key = (picture.lstrip("0") or "0") + condition.suffix
        if key not in sentences:
            raise DatasetError(f"SJTU-TIS: text.json has no sentence for sample “{stem}”.")
        map_path = self.root / "map_1800" / f"{stem}.png"
        present = map_path if map_path.is_file() else None
        return Sample(stem, picture, condition, sentences[key], image_path, present, fixation_path)

    def _split(self, split: str, samples: list[Sample]) -> set[str]:
        file = self.root / "split.json"
        splits = _read_json(file) if file.is_file() else shipped_split(samples)
        if split not in splits:
            raise DatasetError(f"There is no split “{split}” of this data set. There are: {', '.join(splits)}.")
        return set(splits[split])


def parse_stem(stem: str) -> tuple[str, Condition]:
    """Picture and condition of a sample's file stem: ``000000000109_3`` is picture ``000000000109``, salient."""
    picture, mark, suffix = stem.partition("_")
    try:
        return picture, _BY_SUFFIX[mark + suffix]
    except KeyError:
        raise DatasetError(f"SJTU-TIS: “{stem}” does not name a sample.") from None


def shipped_split(samples: Iterable[Sample]) -> dict[str, list[str]]:
    """The split of the shipped checkpoints: ``training``, ``validation`` (which chose their epochs), ``test`` the rest.

    It is `split_by_picture` where none of the pictures was in their training or validation.
    """
    pictures = sorted({sample.picture for sample in samples})
    shipped = _read_json(SHIPPED_SPLIT)
    splits = {name: [picture for picture in pictures if picture in known] for name, known in shipped.items()}
    if not any(splits.values()):
        return split_by_picture(samples)
    return splits | {"test": sorted(set(pictures).difference(*splits.values()))}


def split_by_picture(
    samples: Iterable[Sample], fractions: tuple[float, float, float] = (0.7, 0.1, 0.2), seed: int = 42
) -> dict[str, list[str]]:
    """Pictures of a training, a validation and a test split; all conditions of a picture are on one side.

    Stratified by group: pictures with one sentence and pictures with three are divided alike.
    """
    groups: dict[frozenset[Condition], list[str]] = {}
    conditions: dict[str, set[Condition]] = {}
    for sample in samples:
        conditions.setdefault(sample.picture, set()).add(sample.condition)
    for picture in sorted(conditions):
        groups.setdefault(frozenset(conditions[picture]), []).append(picture)
    generator = np.random.default_rng(seed)
    splits: dict[str, list[str]] = {"training": [], "validation": [], "test": []}
    for group in sorted(groups, key=sorted):
        pictures = generator.permutation(groups[group]).tolist()
        first = round(fractions[0] * len(pictures))
        second = first + round(fractions[1] * len(pictures))
        for name, part in zip(splits, (pictures[:first], pictures[first:second], pictures[second:]), strict=True):
            splits[name] += part
    return {name: sorted(pictures) for name, pictures in splits.items()}


def _read_json(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DatasetError(f"“{path.name}” of the data set cannot be read as JSON.") from error
