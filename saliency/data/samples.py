"""A sample: one picture, the sentence read before it, and where people looked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..conditions import Condition
from ..errors import DatasetError

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
        with _opened(self.image_path) as image:
            return image.height, image.width

    def density(self) -> np.ndarray | None:
        """The blurred map of fixations, (H, W) float64 in [0, 1]; None where there is none.

        A map kept at another size than the picture's (freeview's are halved) is brought to it, bilinear.
        """
        if self.map_path is None:
            return None
        with _opened(self.map_path) as image:
            density = image.convert("L")
        with _opened(self.image_path) as image:
            size = image.size
        if density.size != size:
            density = density.convert("F").resize(size, Image.Resampling.BILINEAR)
        return np.asarray(density, dtype=np.float64) / 255

    def fixations(self) -> np.ndarray | None:
        """Fixated pixels, (N, 2) int64 (row, column), each once; None where there are none."""
        if self.fixation_path is None:
            return None
        with _opened(self.fixation_path) as image:
            return np.argwhere(np.asarray(image.convert("L")) > 127)


def picture_of(sample: Sample) -> str:
    """What is the same for all samples of one picture, and of no other in any data set: as released, SJTU-TIS has a
    file of the picture for each condition."""
    return str(sample.image_path.parent / sample.picture)


def read_rgb(path: Path) -> np.ndarray:
    """A picture of a data set, (H, W, 3) uint8; `DatasetError` where it cannot be read."""
    with _opened(path) as image:
        return np.asarray(image.convert("RGB"))


@contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """The picture in a file, which is decoded, and may turn out to be cut short, only when its pixels are used."""
    try:
        with Image.open(path) as image:
            yield image
    except (OSError, SyntaxError) as error:
        raise DatasetError("The file “{name}” of the data set cannot be read as a picture.", name=path.name) from error


def find_image(folder: Path, *stems: str) -> Path | None:
    """The first file in `folder` named by one of `stems`, in their order, with any image extension."""
    for stem in stems:
        for extension in IMAGE_EXTENSIONS:
            path = folder / (stem + extension)
            if path.is_file():
                return path
    return None
