"""Any data set of one's own: a folder of pictures, and beside it folders of maps and fixations with files of one name.

With a table of sentences beside them, a picture is one sample per sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..conditions import Condition
from ..errors import DatasetError
from ..messages import Message
from .coverage import has_ground_truth
from .files import (
    BESIDE_EXTENSIONS,
    DENSITY_EXTENSIONS,
    EITHER_ENDING,
    FIXATION_ENDINGS,
    FIXATION_EXTENSIONS,
    FIXATION_FOLDERS,
    IMAGE_FOLDERS,
    MAP_ENDINGS,
    MAP_FOLDERS,
    find_folder,
    list_files,
    match,
)
from .listed import Listed
from .released import refuse_split
from .samples import IMAGE_EXTENSIONS, Sample
from .sentence_table import Sentences, find_table


class FolderDataset(Listed[Sample]):
    """The pictures of ``images``, with their files of the same name in ``maps`` and ``fixations``.

    Folders are found without case and by the names that the field has for them (`files.IMAGE_FOLDERS` and so on);
    files may have the endings of the field (``p0_fixMap.png``, ``p0_fixPts.png``, ...). Tables and ``.mat`` files of
    fixations may also lie beside the pictures. Pictures in folders of ``images`` are named with these (``Action/001``).

    Without a table of sentences every picture is a sample of the pure condition. A table ``sentences.csv`` or ``.tsv``
    beside ``images`` (see `sentence_table`) makes a sample ``PICTURE.CONDITION`` per sentence, whose ground truth is in
    ``maps/CONDITION`` and ``fixations/CONDITION``; what lies in these two folders themselves is of the pure condition,
    whose sample is there where it has ground truth or the picture has no sentence.

    Args:
        root: the folder. ``maps`` holds blurred maps of fixations, ``fixations`` what `gaze.read_fixations` reads;
            these two folders, or single files of them, may be missing.
        split: there is none; given for the sake of the other layouts.

    Attributes:
        unmatched: files of ground truth that are of none of the pictures.
        notices: on lines of the table that name none of the pictures.

    Raises:
        DatasetError: there is no picture, or a folder has two files of one name.
    """

    def __init__(self, root: Path | str, split: str | None = None):
        self.root = Path(root)
        refuse_split(split, "A folder of images, maps and fixations")
        folder = find_folder(self.root, IMAGE_FOLDERS)
        if folder is None:
            raise DatasetError("This folder has not the expected layout: there is no folder “images” in it.")
        pictures = list_files(folder, IMAGE_EXTENSIONS)
        if not pictures:
            raise DatasetError("There is no picture in the folder “{name}” of the data set.", name=folder.name)
        truth = _GroundTruth(
            list_files(find_folder(self.root, MAP_FOLDERS), FIXATION_EXTENSIONS),
            list_files(find_folder(self.root, FIXATION_FOLDERS), FIXATION_EXTENSIONS),
            list_files(folder, BESIDE_EXTENSIONS),
        )
        self._items = _pure(pictures, truth)
        self.notices: tuple[Message, ...] = ()
        if (table := find_table(self.root)) is not None:
            sentences, self.notices = table.by_picture(pictures)
            self._items = _with_sentences(self._items, truth, sentences)
        used = {path for sample in self._items for path in (sample.map_path, sample.fixation_path)}
        self.unmatched = tuple(path for path in truth.files() if path not in used)

    @staticmethod
    def recognises(root: Path) -> bool:
        """Whether `root` has a folder of pictures."""
        return find_folder(root, IMAGE_FOLDERS) is not None


@dataclass(frozen=True)
class _GroundTruth:
    """Files of maps, of fixations, and tables beside the pictures, each by its name."""

    maps: Mapping[str, Path]
    fixations: Mapping[str, Path]
    beside: Mapping[str, Path]

    def files(self) -> list[Path]:
        return [*self.maps.values(), *self.fixations.values()]

    def of(self, pictures: Mapping[str, Path], folder: str = "") -> tuple[dict[str, Path], dict[str, Path]]:
        """Maps and fixations by the picture's name, of the files in `folder` of the two folders."""
        maps, fixations = _inside(self.maps, folder), _inside(self.fixations, folder)
        densities = {name: path for name, path in maps.items() if path.suffix.lower() in DENSITY_EXTENSIONS}
        found = match(densities, pictures, (*MAP_ENDINGS, EITHER_ENDING))
        # MIT1003 has both kinds in one folder; those of the very name are densities, but for tables.
        others = {name: path for name, path in maps.items() if name not in pictures or name not in densities}
        points = match(others, pictures, FIXATION_ENDINGS)
        points |= {} if folder else match(self.beside, pictures, FIXATION_ENDINGS)
        return found, points | match(fixations, pictures, (*FIXATION_ENDINGS, EITHER_ENDING, *MAP_ENDINGS))


def _inside(files: Mapping[str, Path], folder: str) -> dict[str, Path]:
    """The pictures in `folder`, by their name in it; all where that is empty."""
    start = f"{folder}/" if folder else ""
    return {name[len(start) :]: path for name, path in files.items() if name.startswith(start)}


def _pure(pictures: Mapping[str, Path], truth: _GroundTruth) -> list[Sample]:
    maps, fixations = truth.of(pictures)
    return [
        Sample(name, name, Condition.PURE, "", path, maps.get(name), fixations.get(name))
        for name, path in pictures.items()
    ]


def _with_sentences(pure: Sequence[Sample], truth: _GroundTruth, sentences: Mapping[str, Sentences]) -> list[Sample]:
    """A sample per picture and sentence, those of a picture one after another."""
    pictures = {sample.picture: sample.image_path for sample in pure}
    of = {condition: truth.of(pictures, condition.value) for condition in Condition if condition.reads_text}
    samples = []
    for alone in pure:
        read = sentences.get(alone.picture, {})
        if not read or has_ground_truth(alone):
            samples.append(alone)
        for condition, sentence in read.items():
            maps, fixations = of[condition]
            paths = alone.image_path, maps.get(alone.picture), fixations.get(alone.picture)
            samples.append(Sample(f"{alone.picture}.{condition}", alone.picture, condition, sentence, *paths))
    return samples
