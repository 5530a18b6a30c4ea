"""A sample: one picture, the sentence read before it, and where people looked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..conditions import Condition
from ..errors import DatasetError, PictureError
from ..imaging import GREY_MODES, decode, read, rgb_of, upright_shape, values_of, white_of

IMAGE_EXTENSIONS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class Sample:
    """One viewing condition of one picture. Files are read when asked for; `DatasetError` where one cannot be.

    Attributes:
        stem: names the sample, e.g. ``000000000109_3``.
        picture: names the picture, shared by its conditions; splits and bootstraps go by it.
        condition: what had been read.
        sentence: the text itself, empty for the pure condition.
        image_path, map_path, fixation_path: files; None where the data set has none.
    """

    stem: str
    picture: str
    condition: Condition
    sentence: str
    image_path: Path
    map_path: Path | None
    fixation_path: Path | None

    def image(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""
        return read_rgb(self.image_path)

    def shape(self) -> tuple[int, int]:
        """Height and width of the picture, without decoding it."""
        with _told_of(self.image_path):
            return upright_shape(read(self.image_path))

    def density(self) -> np.ndarray | None:
        """The blurred map of fixations, (H, W) float64 in [0, 1]; None where there is none.

        A map kept at another size than the picture's (freeview's are halved) is brought to it, bilinear.
        """
        if self.map_path is None:
            return None
        values, white = _grey(self.map_path)
        height, width = self.shape()
        if values.shape != (height, width):
            image = Image.fromarray(values.astype(np.float32))
            values = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
        return values.astype(np.float64) / white

    def fixations(self) -> np.ndarray | None:
        """Fixated pixels, (N, 2) int64 (row, column), each once; None where there are none."""
        if self.fixation_path is None:
            return None
        values, white = _grey(self.fixation_path)
        return np.argwhere(values > 127 * white / 255)


def picture_of(sample: Sample) -> str:
    """What is the same for all samples of one picture, and of no other in any data set: as released, SJTU-TIS has a
    file of the picture for each condition."""
    return str(sample.image_path.parent / sample.picture)


def read_rgb(path: Path) -> np.ndarray:
    """A picture of a data set, upright, (H, W, 3) uint8; `DatasetError` where it cannot be read."""
    with _told_of(path):
        return rgb_of(decode(read(path), None))


def read_file(path: Path) -> bytes:
    """A picture of a data set as it lies on the disk; `DatasetError` where it cannot be read."""
    with _told_of(path):
        return read(path)


def _grey(path: Path) -> tuple[np.ndarray, float]:
    """The values of a grey picture, (H, W), none negative, and which of them is white; in colour its luminance."""
    with _told_of(path):
        image = decode(read(path), None)
        values = values_of(image if image.mode in GREY_MODES else image.convert("L"))
        return values.clip(min=0), white_of(values)


@contextmanager
def _told_of(path: Path) -> Iterator[None]:
    """What is wrong with a picture is told of the data set's file."""
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
