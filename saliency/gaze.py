"""What people looked at, as a user uploads it: a density map, or fixations as a picture or a table."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
from PIL import Image

from .errors import GroundTruthError, PictureError
from .imaging import Source, decode, load_image, read, values_of


def load_map(source: Source) -> np.ndarray:
    """A density map of where people looked, (H, W) float64, >= 0 and not zero everywhere; its scale is free.

    Args:
        source: as `load_image` takes it, grey, of 8 or 16 bits or floats; or the bytes, path or file of a ``.npy``.

    Raises:
        GroundTruthError: it cannot be read, is in colour, or has negative, non-finite or only zero values.
    """
    try:
        if not isinstance(source, np.ndarray | Image.Image):
            source = read(source)
            if source.startswith(b"\x93NUMPY"):
                source = _npy(source)
        values = source if isinstance(source, np.ndarray) else values_of(decode(source))
    except PictureError as error:
        raise GroundTruthError(f"The density map cannot be used. {error}") from None
    return _density(values)


def load_fixations(source: Source, shape: tuple[int, int]) -> np.ndarray:
    """Fixated pixels, (N, 2) int64 (row, column), in the order of the file, repeats kept.

    Args:
        source: a black picture of the shape `shape` in which fixated pixels are white (> 127), or a CSV table of pixel
            positions x, y with or without a header (``x``/``col``/``column`` and ``y``/``row``; unnamed: x, then y),
            as bytes, path or open file.
        shape: (H, W) of the picture that was looked at.

    Raises:
        GroundTruthError: unreadable, no fixations, another shape, or points outside of the picture (counted).
    """
    try:
        if not isinstance(source, np.ndarray | Image.Image):
            source = read(source)
            if _is_text(source):
                return _inside(_table(source.decode("utf-8-sig")), shape)
        picture = load_image(source)
    except PictureError as error:
        raise GroundTruthError(f"The fixations cannot be used. {error}") from None
    if picture.shape[:2] != tuple(shape):
        raise GroundTruthError(
            f"The fixations are {picture.shape[1]} x {picture.shape[0]} pixels, the picture {shape[1]} x {shape[0]}."
        )
    return _inside(np.argwhere(picture.max(axis=2) > 127), shape)


def _npy(content: bytes) -> np.ndarray:
    """An array of a ``.npy`` file; never a pickle, and never more memory than the file has bytes."""
    try:
        file = BytesIO(content)
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
        if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize > len(content):
            raise GroundTruthError("The density map's .npy file is damaged or holds no plain numbers.")
        return np.load(BytesIO(content), allow_pickle=False)
    except (ValueError, EOFError, OSError, SyntaxError, struct.error):
        raise GroundTruthError("The density map's .npy file is damaged or holds no plain numbers.") from None


def _density(values: np.ndarray) -> np.ndarray:
    """Values of an upload checked to be a density, (H, W) float64."""
    if values.ndim == 3:
        colour = values[..., :3].astype(np.float64)
        if np.ptp(colour, axis=2).max(initial=0) > 0.06 * max(np.abs(colour).max(initial=0), 1e-12):
            raise GroundTruthError(
                "The density map is in colour; a grey one is needed, in which brighter is more looked at."
            )
        values = colour.mean(axis=2)
    if values.ndim != 2 or values.size == 0 or values.dtype.kind not in "biuf":
        raise GroundTruthError("A density map must be an array of numbers of the shape (height, width).")
    values = values.astype(np.float64)
    if not np.isfinite(values).all() or values.min() < 0:
        raise GroundTruthError("A density map must hold finite numbers that are not negative.")
    if not values.any():
        raise GroundTruthError("The density map is zero everywhere.")
    return values


def _is_text(content: bytes) -> bool:
    """Whether bytes read as a table: text without control characters other than white space."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n" for character in text[:4096])


def _table(text: str) -> np.ndarray:
    """(N, 2) float64 (row, column) of a table x, y."""
    for mark in ";\t":
        text = text.replace(mark, ",")
    lines = [
        [cell.strip().strip('"').lower() for cell in line.split(",")] for line in text.splitlines() if line.strip()
    ]
    x, y = 0, 1
    if lines and not _is_number(lines[0][0]):
        header = lines.pop(0)
        x = next((index for index, name in enumerate(header) if name in ("x", "col", "column")), -1)
        y = next((index for index, name in enumerate(header) if name in ("y", "row")), -1)
        if min(x, y) < 0:
            raise GroundTruthError("The fixation table's header must name the columns x and y (or col and row).")
    try:
        return np.array([(float(line[y]), float(line[x])) for line in lines]).reshape(-1, 2)
    except (ValueError, IndexError):
        raise GroundTruthError("The fixation table must have two numbers a line: x, y.") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _inside(points: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Points (row, column) as pixels, (N, 2) int64, checked to lie in the picture."""
    if len(points) == 0:
        raise GroundTruthError("There is no fixation in the file.")
    inside = ((points >= 0) & (points < shape)).all(axis=1)  # false for NaN too
    if not inside.all():
        raise GroundTruthError(
            f"{np.count_nonzero(~inside)} of {len(points)} fixations lie outside of the picture, "
            f"which is {shape[1]} x {shape[0]} pixels."
        )
    return np.floor(points).astype(np.int64)
