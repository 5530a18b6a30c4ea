"""What people looked at, as a user uploads it: a density map, or fixations as a picture or a table."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image

from ..errors import GroundTruthError, PictureError
from ..imaging import MAX_PIXELS, Source, check_pixels, decode, load_image, read, values_of
from .recording import DEFAULT_OPTIONS, DensityMap, Fixation, GazeOptions, Recording, Units

MAX_FIXATIONS = 100_000
_NAME_LENGTH = 100
_SYNONYMS = {"col": "x", "column": "x", "row": "y"}


def load_map(source: Source) -> np.ndarray:
    """A density map of where people looked, (H, W) float64, >= 0 and not zero everywhere; its scale is free.

    Args:
        source: as `load_image` takes it, grey, of 8 or 16 bits or floats; or the bytes, path or file of a ``.npy``.

    Raises:
        GroundTruthError: it cannot be read, is in colour, has more than `imaging.MAX_PIXELS`, or has negative,
            non-finite or only zero values.
    """
    try:
        if not isinstance(source, np.ndarray | Image.Image):
            source = read(source)
            if source.startswith(b"\x93NUMPY"):
                source = _npy(source)
        values = source if isinstance(source, np.ndarray) else values_of(decode(source))
        check_pixels(math.prod(values.shape[:2]), MAX_PIXELS)
    except PictureError as error:
        raise GroundTruthError("The density map cannot be used. {why}", why=error.message) from None
    return _density(values)


def read_density(source: Source, options: GazeOptions = DEFAULT_OPTIONS) -> DensityMap:
    """A density map of where people looked, with notices on what was done to it.

    Args:
        source: as for `load_map`.
        options: `GazeOptions.log` is read.

    Raises:
        GroundTruthError: as `load_map`.
    """
    return DensityMap(load_map(source))


def read_fixations(
    source: Source, shape: tuple[int, int], options: GazeOptions = DEFAULT_OPTIONS, *, participant: str = ""
) -> Recording:
    """Fixations of one picture, with notices on everything that was inferred, converted or left out.

    Args:
        source: bytes, path or open file of a table, a JSON, ``.npy``, ``.mat`` or ASC file or a picture of fixations.
        shape: (H, W) of the picture that was looked at.
        participant: of the fixations for which the file names none.

    Raises:
        GroundTruthError: the file cannot be read, does not fit the picture, or needs an option to be understood.
    """
    fixations = load_recording(source, shape, participant)
    return Recording(fixations, tuple(shape), Units.PIXELS, total=len(fixations))


def load_fixations(source: Source, shape: tuple[int, int]) -> np.ndarray:
    """Fixated pixels, (N, 2) int64 (row, column), in the order of the file, repeats kept.

    Args:
        source: a black picture of the shape `shape` in which fixated pixels are white (> 127), or a CSV table of pixel
            positions x, y with or without a header (``x``/``col``/``column`` and ``y``/``row``; unnamed: x, then y),
            as bytes, path or open file.
        shape: (H, W) of the picture that was looked at.

    Raises:
        GroundTruthError: unreadable, no fixations, more than `MAX_FIXATIONS`, another shape, points outside of the
            picture (counted), or a picture that looks like a density map.
    """
    points, _ = _points_and_rows(source, shape)
    return points


def load_recording(source: Source, shape: tuple[int, int], participant: str = "") -> tuple[Fixation, ...]:
    """Fixations with who made them and when, in the order of the file.

    Args:
        source, shape: as for `load_fixations`. A table's columns ``participant``, ``round``, ``order`` and
            ``milliseconds`` are read where its header names them; without ``order`` the order is that of the file.
        participant: of the fixations for which the file names none.

    Raises:
        GroundTruthError: as for `load_fixations`; or something else than numbers in one of the last three columns.
    """
    points, rows = _points_and_rows(source, shape)
    return _recording(points, rows, participant)


def recording(rows: Sequence[Mapping[str, Any]], shape: tuple[int, int], participant: str = "") -> tuple[Fixation, ...]:
    """`load_recording` of a table that is read already.

    Args:
        rows: cells, numbers or text, by the columns' names.

    Raises:
        GroundTruthError: as for `load_recording`.
    """
    return _recording(_inside(_positions(rows), shape), rows, participant)


def _recording(points: np.ndarray, rows: Sequence[Mapping[str, Any]], participant: str) -> tuple[Fixation, ...]:
    return tuple(
        Fixation(
            int(x),
            int(y),
            str(row.get("participant") or participant)[:_NAME_LENGTH],
            _whole(row, "round", 1),
            _whole(row, "order", number),
            _whole(row, "milliseconds", None),
        )
        for number, ((y, x), row) in enumerate(zip(points, rows, strict=True), start=1)
    )


def _points_and_rows(source: Source, shape: tuple[int, int]) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Fixated pixels, (N, 2) int64, and the table's row of each, empty where the source is a picture."""
    try:
        if not isinstance(source, np.ndarray | Image.Image):
            source = read(source)
            if _is_text(source):
                rows = _rows(source.decode("utf-8-sig"))
                return _inside(_positions(rows), shape), rows
        picture = load_image(source)
    except PictureError as error:
        raise GroundTruthError("The fixations cannot be used. {why}", why=error.message) from None
    if picture.shape[:2] != tuple(shape):
        raise GroundTruthError(
            "The fixations are {columns} x {rows} pixels, the picture {width} x {height}.",
            columns=picture.shape[1],
            rows=picture.shape[0],
            width=shape[1],
            height=shape[0],
        )
    points = _inside(_white(picture.max(axis=2)), shape)
    return points, [{}] * len(points)


def _white(brightness: np.ndarray) -> np.ndarray:
    """White pixels on black, (N, 2) int64; counted first, because a list of them is far larger than the picture."""
    white = brightness > 127
    count = np.count_nonzero(white)
    if _is_shaded(brightness, count):
        raise GroundTruthError(
            "This looks like a density map or a photograph; fixations are white pixels in a black picture."
        )
    _check_count(count)
    return np.argwhere(white)


def _is_shaded(brightness: np.ndarray, white: int) -> bool:
    """Whether too much is grey for fixations.

    Soft edges and JPEG leave dots with less grey than white, where a density map has more grey than white and at least
    0.7 % of its pixels (measured on SJTU-TIS and freeview). A bright photograph has more white, but much of both.
    """
    grey = np.count_nonzero((brightness >= 64) & (brightness < 192))
    return grey > max(0.005 * brightness.size, min(white, 0.05 * brightness.size))


def _check_count(count: int) -> None:
    if count > MAX_FIXATIONS:
        raise GroundTruthError(
            "These are {count:,} fixations; up to {most:,} are read.", count=count, most=MAX_FIXATIONS
        )


def _npy(content: bytes) -> np.ndarray:
    """An array of a ``.npy`` file; never a pickle, and never more memory than the file has bytes."""
    try:
        file = BytesIO(content)
        version = np.lib.format.read_magic(file)
        header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = header(file)
        if dtype.hasobject or int(np.prod(shape, dtype=object)) * dtype.itemsize > len(content):
            raise ValueError("more than the file has, or pickles")
        return np.load(BytesIO(content), allow_pickle=False)
    except Exception:  # numpy evaluates the header, and a hostile one raises nearly anything
        raise GroundTruthError("The density map's .npy file is damaged or holds no plain numbers.") from None


def _density(values: np.ndarray) -> np.ndarray:
    """Values of an upload checked to be a density, (H, W) float64."""
    if values.ndim not in (2, 3) or values.size == 0 or values.dtype.kind not in "biuf":
        raise GroundTruthError("A density map must be an array of numbers of the shape (height, width).")
    if values.ndim == 3:
        values = _grey(values[..., :3])
    values = values.astype(np.float64)
    if not np.isfinite(values).all() or values.min() < 0:
        raise GroundTruthError("A density map must hold finite numbers that are not negative.")
    if not values.any():
        raise GroundTruthError("The density map is zero everywhere.")
    return values


def _grey(colour: np.ndarray) -> np.ndarray:
    """The mean of colours that are all but grey, (H, W) float64."""
    if colour.dtype.kind != "u":  # an upload's bytes are tested as they are: floats would be eight times as large
        colour = colour.astype(np.float64)
    if np.ptp(colour, axis=2).max() > 0.06 * max(np.abs(colour).max(), 1e-12):
        raise GroundTruthError(
            "The density map is in colour; a grey one is needed, in which brighter is more looked at."
        )
    return colour.mean(axis=2, dtype=np.float64)


def _is_text(content: bytes) -> bool:
    """Whether bytes read as a table: text without control characters other than white space."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return all(character.isprintable() or character in "\t\r\n" for character in text[:4096])


def _rows(text: str) -> list[dict[str, str]]:
    """A table's rows: cells by the lower-case names of their columns, x and y where there is no header."""
    lines = [line for line in text.splitlines() if line.strip()]
    _check_count(len(lines) - 1)  # one may be a header
    mark = next((mark for mark in "\t;" if lines and mark in lines[0]), ",")
    try:
        table = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=mark, skipinitialspace=True)]
    except csv.Error:
        raise GroundTruthError("The fixation table is damaged: it has a cell that does not end.") from None
    names = ["x", "y"]
    if table and not _is_number(table[0][0]):
        names = [_SYNONYMS.get(name.lower(), name.lower()) for name in table.pop(0)]
        if not {"x", "y"} <= set(names):
            raise GroundTruthError("The fixation table's header must name the columns x and y (or col and row).")
    return [dict(zip(names, row, strict=False)) for row in table]


def _positions(rows: Sequence[Mapping[str, Any]]) -> np.ndarray:
    """(N, 2) float64 (row, column)."""
    _check_count(len(rows))
    try:
        return np.array([(float(row["y"]), float(row["x"])) for row in rows]).reshape(-1, 2)
    except (ValueError, TypeError, KeyError):
        raise GroundTruthError("The fixation table must have two numbers a line: x, y.") from None


def _whole(row: Mapping[str, Any], name: str, otherwise: int | None) -> int | None:
    """The whole number of a column; `otherwise` where the cell or the column is missing."""
    cell = row.get(name)
    try:
        return otherwise if cell in (None, "") else round(float(cell))
    except (ValueError, TypeError, OverflowError):
        raise GroundTruthError("The fixation table's column “{name}” must hold numbers.", name=name) from None


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
            "{outside} of {count} fixations lie outside of the picture, which is {width} x {height} pixels.",
            outside=np.count_nonzero(~inside),
            count=len(points),
            width=shape[1],
            height=shape[0],
        )
    return np.floor(points).astype(np.int64)
