"""A sample: one picture, the sentence read before it, and where people looked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from ..conditions import Condition
from ..errors import DatasetError, GroundTruthError, PictureError
from ..gaze import GazeOptions, Recording, read_density, read_fixations
from ..gaze.recording import DEFAULT_OPTIONS
from ..imaging import (
    LoadedPicture,
    open_picture,
    read,
    read_values,
    stored_shape,
    upright_shape,
    white_of,
)
from ..messages import Message
from ..resizing import fit_density

IMAGE_EXTENSIONS = (
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".avif", ".heic", ".heif", ".pgm", ".ppm",
)  # fmt: skip

Shape = tuple[int, int]


class PictureFile(NamedTuple):
    """The file of a picture, and whether it is turned upright by its EXIF tag: see `Sample.loaded`."""

    path: Path
    upright: bool = True

    def read(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB; `DatasetError` where it cannot be read."""
        return self.load().pixels

    def load(self) -> LoadedPicture:
        """The picture with notices on it; `DatasetError` as above."""
        with _of_data_set(self.path):
            return open_picture(self.path, max_pixels=None, upright=self.upright)


@dataclass(frozen=True)
class Sample:
    """One viewing condition of one picture. Files are read when asked for; `DatasetError` where one cannot be.

    Attributes:
        stem: names the sample, e.g. ``000000000109_3``; with a slash where the data set has folders of pictures.
        picture: names the picture, shared by its conditions; splits and bootstraps go by it.
        condition: what had been read.
        sentence: the text itself, empty for the pure condition.
        image_path: file of the picture. Who predicts takes `image()` instead: which way is up is decided there.
        map_path: file of the density map, a picture or what `gaze.read_density` reads; None where there is none.
        fixation_path: file of the fixations, as `gaze.read_fixations` reads it; None where there is none. Of a file
            about several pictures, the rows of this picture are read.
        gaze: how the file of fixations is read; `GazeOptions.picture` is the picture's own name.
    """

    stem: str
    picture: str
    condition: Condition
    sentence: str
    image_path: Path
    map_path: Path | None
    fixation_path: Path | None
    gaze: GazeOptions = DEFAULT_OPTIONS

    def image(self) -> np.ndarray:
        """The pixels of `loaded`, (H, W, 3) uint8 RGB."""
        return self.loaded().pixels

    def loaded(self) -> LoadedPicture:
        """The picture with notices on it, turned upright by its EXIF tag.

        It is left as stored where the tag exchanges the sides and the ground truth is of the picture as stored:
        whoever recorded the gaze showed it so.
        """
        return self.file.load()

    @property
    def file(self) -> PictureFile:
        """The picture's file, and which way is up."""
        return PictureFile(self.image_path, self._frame[0])

    def shape(self) -> Shape:
        """Height and width of `image()`, without decoding it."""
        return self._frame[1]

    def density(self) -> np.ndarray | None:
        """The blurred map of fixations, (H, W) float64 in [0, 1]; None where there is none.

        A map of another size than the picture's (freeview's are halved) is brought to it.

        Raises:
            DatasetError: the map has other proportions than the picture, which are both given.
        """
        return None if self.map_path is None else self._density(self.map_path, self.shape())[0]

    def recording(self) -> Recording | None:
        """The fixations with what was done to them; None where there are none.

        Raises:
            DatasetError: they cannot be read or do not fit the picture; sample and file are named.
        """
        return None if self.fixation_path is None else self._recording(self.fixation_path, self.shape())

    def fixations(self) -> np.ndarray | None:
        """Fixated pixels, (N, 2) int64 (row, column), repeats included; None where there are none."""
        recording = self.recording()
        return None if recording is None else recording.points

    def notices(self) -> tuple[Message, ...]:
        """Sentences on what was inferred, converted or left out of the ground truth, whose files are read for them.

        `loaded` has those on the picture.
        """
        upright, shape = self._frame
        found: list[Message] = []
        if not upright:
            found.append(
                Message(
                    "The picture is used as it is stored, {width} x {height} pixels, although its EXIF tag says that "
                    "it lies on its side: its ground truth is of the picture as stored.",
                    width=shape[1],
                    height=shape[0],
                )
            )
        if self.map_path is not None:
            found += self._density(self.map_path, shape)[1]
        if self.fixation_path is not None:
            found += self._recording(self.fixation_path, shape).notices
        return tuple(found)

    @cached_property
    def _frame(self) -> tuple[bool, Shape]:
        """Whether the picture is turned by its EXIF tag, and its height and width then."""
        with _of_data_set(self.image_path):
            content = read(self.image_path)
            turned, stored = upright_shape(content), stored_shape(content)
        if turned == stored or self._fits(turned) or not self._fits(stored):
            return True, turned
        return False, stored

    def _fits(self, shape: Shape) -> bool:
        """Whether the ground truth can be of a picture of `shape`."""
        try:
            if self.map_path is not None:
                self._density(self.map_path, shape)
            if self.fixation_path is None:
                return True
            return not self._recording(self.fixation_path, shape).left_out.get("outside")
        except DatasetError:
            return False

    def _density(self, path: Path, shape: Shape) -> tuple[np.ndarray, tuple[Message, ...]]:
        """The density in a file for a picture of `shape`, and notices on it."""
        try:
            if is_picture(path):
                values, white = read_grey(path)
                found = read_density(values)
            else:
                found = read_density(path)
                white = found.values.max()
            return fit_density(found.values, shape).astype(np.float64) / white, found.notices
        except GroundTruthError as error:
            raise DatasetError(
                "The density map “{name}” of sample “{stem}” cannot be used. {why}",
                name=path.name,
                stem=self.stem,
                why=error.message,
            ) from error

    def _recording(self, path: Path, shape: Shape) -> Recording:
        """The fixations in a file on a picture of `shape`."""
        # A picture is read here, since that of a data set may have any size.
        source = _values(path) if is_picture(path) else path
        try:
            return read_fixations(source, shape, replace(self.gaze, picture=self.image_path.name))
        except GroundTruthError as error:
            raise DatasetError(
                "The fixations “{name}” of sample “{stem}” cannot be used. {why}",
                name=path.name,
                stem=self.stem,
                why=error.message,
            ) from error


def is_picture(path: Path) -> bool:
    """Whether the file is named as a picture."""
    return path.suffix.lower() in IMAGE_EXTENSIONS


class OfPicture(Protocol):
    """What belongs to a picture in a file, as a `Sample` does."""

    @property
    def picture(self) -> str:
        """The picture's name within its data set."""

    @property
    def image_path(self) -> Path:
        """Its file."""


def picture_of(sample: OfPicture) -> str:
    """A key of the picture, equal for all its samples and unique among data sets.

    It is not the file: as released, SJTU-TIS has one of the same picture for each condition.
    """
    return str(sample.image_path.parent / sample.picture)


def read_rgb(path: Path) -> np.ndarray:
    """A picture of a data set, upright, (H, W, 3) uint8; `DatasetError` where it cannot be read."""
    return PictureFile(path).read()


def read_file(path: Path) -> bytes:
    """A picture of a data set as it lies on the disk; `DatasetError` where it cannot be read."""
    with _of_data_set(path):
        return read(path)


def read_grey(path: Path) -> tuple[np.ndarray, float]:
    """The values of a grey picture of a data set, (H, W), none negative, and which is white; in colour its luminance.

    Raises:
        DatasetError: it cannot be read.
    """
    with _of_data_set(path):
        values = read_values(read(path), None, grey=True)
        return values.clip(min=0), white_of(values)


def _values(path: Path) -> np.ndarray:
    """The values of a picture, (H, W), or its colours, (H, W, 3)."""
    with _of_data_set(path):
        return read_values(read(path), None)


@contextmanager
def _of_data_set(path: Path) -> Iterator[None]:
    """A picture's error as one of the data set, which names the file."""
    try:
        yield
    except PictureError as error:
        raise DatasetError(
            "The file “{name}” of the data set cannot be read as a picture. {why}", name=path.name, why=error.message
        ) from error


def find_image(folder: Path, *stems: str) -> Path | None:
    """The first file in `folder` named by one of `stems`, in their order, with any image extension."""
    for stem in stems:
        for extension in IMAGE_EXTENSIONS:
            path = folder / (stem + extension)
            if path.is_file():
                return path
    return None
