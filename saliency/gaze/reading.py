"""Where people looked, as a user has it: which reader a file is for."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

import numpy as np
from PIL import Image

from ..errors import (
    EmptyPictureError,
    GroundTruthError,
    PictureError,
    PictureTooLargeError,
    UnsupportedFormatError,
)
from ..imaging import MAX_BYTES, MAX_PIXELS, read, read_values
from . import densities
from .coordinates import nothing_left
from .eyelink import asc_recording, looks_like_asc
from .fixation_maps import map_recording
from .json_files import json_recording, looks_like_json
from .mat_files import looks_like_mat, mat_density, mat_recording
from .numpy_files import NPY, read_npy, read_npz, without_single_axes
from .recording import DEFAULT_OPTIONS, DensityMap, Fixation, GazeOptions, Recording
from .rows import positions_recording, strict_fixations, table_recording
from .tables import read_table, text_of

# A file by its path, content or handle, or a picture or array.
File = bytes | str | os.PathLike[str] | BinaryIO
Source = File | Image.Image | np.ndarray

_ZIP = b"PK\x03\x04"
_KNOWN_FIXATIONS = ("fixations", "points", "fixation_map", "fixmap", "map")


# --- fixations --------------------------------------------------------------------------------------------------------


def read_fixations(
    source: Source, shape: tuple[int, int], options: GazeOptions = DEFAULT_OPTIONS, *, participant: str = ""
) -> Recording:
    """Fixations of one picture, with notices on everything that was inferred, converted or left out.

    docs/gaze-files.md lists what is read.

    Args:
        source: bytes, path or open file of a table, a JSON, ``.npy``, ``.npz``, ``.mat`` or ASC file or a picture of
            fixations; or a PIL image or an array of positions (N, 2) x, y or of the picture's shape.
        shape: (H, W) of the picture that was looked at.
        participant: of the fixations for which the file names none.

    Raises:
        GroundTruthError: the file cannot be read, does not fit the picture, or needs an option to be understood.
    """
    shape = (int(shape[0]), int(shape[1]))
    recording = _recording(source, shape, options, participant)
    if not recording.fixations:
        raise nothing_left(dict(recording.left_out))
    return recording


def load_fixations(source: Source, shape: tuple[int, int]) -> np.ndarray:
    r"""Fixated pixels, (N, 2) int64 (row, column), in the order of the file, repeats included.

    Args:
        source, shape: as for `read_fixations`, whose notices are not given.

    Raises:
        GroundTruthError: as `read_fixations`.

    Example:
        >>> load_fixations(b"x,y\n300,120\n310,130\n", shape=(480, 640)).tolist()
        [[120, 300], [130, 310]]
    """
    return read_fixations(source, shape).points


def load_recording(source: Source, shape: tuple[int, int], participant: str = "") -> tuple[Fixation, ...]:
    """Fixations with who made them and when, in the order of the file.

    Args:
        source, shape, participant: as for `read_fixations`, whose notices are not given.

    Raises:
        GroundTruthError: as `read_fixations`.
    """
    return read_fixations(source, shape, participant=participant).fixations


def recording(rows: Sequence[Mapping[str, Any]], shape: tuple[int, int], participant: str = "") -> tuple[Fixation, ...]:
    """Fixations of rows that are read already; none is left out.

    Args:
        rows: cells, numbers or text, by the names of the attributes of `Fixation`; x and y in pixels.

    Raises:
        GroundTruthError: a row has no position, one looks like shares or lies outside of the picture, or there are
            none or too many.
    """
    return strict_fixations(rows, shape, participant)


def _recording(source: Source, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    if isinstance(source, np.ndarray):
        return _array_recording(source, shape, options, participant)
    if isinstance(source, Image.Image):
        return _picture_recording(source, shape, participant)
    content = _content(source)
    if content.startswith(NPY):
        return _array_recording(read_npy(content), shape, options, participant)
    if content.startswith(_ZIP):
        _check_workbook(content)
        return _array_recording(read_npz(content, _KNOWN_FIXATIONS), shape, options, participant)
    if looks_like_mat(content):
        return mat_recording(content, shape, options, participant)
    text = text_of(content)
    if text is None:
        return _picture_recording(content, shape, participant)
    if looks_like_asc(text):
        return asc_recording(text, shape, options, participant)
    if looks_like_json(text):
        return json_recording(text, shape, options, participant)
    return table_recording(read_table(text), shape, options, participant)


def _array_recording(array: np.ndarray, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """The fixations of an array: positions (N, 2), or a map of the picture's proportions."""
    array = without_single_axes(array)
    if array.dtype.kind not in "biuf" or array.ndim not in (2, 3) or array.size == 0:
        raise _unknown_array(array)
    if array.ndim == 2 and array.shape != shape:
        if array.shape[1] == 2:
            return positions_recording(array, shape, options, participant)
        if array.shape[0] == 2 or array.shape[1] < 8:  # no picture is that narrow
            raise _unknown_array(array)
    if array.ndim == 3 and array.shape[2] not in (3, 4):
        raise _unknown_array(array)
    _check_pixels(array)
    return map_recording(array, shape, participant)


def _unknown_array(array: np.ndarray) -> GroundTruthError:
    return GroundTruthError(
        "The array of fixations has the shape {shape}; positions (N, 2) of x and y are read, or a map of the picture's "
        "height and width.",
        shape=" x ".join(map(str, array.shape)) or "1",
    )


def _picture_recording(source: bytes | Image.Image, shape: tuple[int, int], participant: str) -> Recording:
    try:
        values = read_values(source)
    except UnsupportedFormatError:
        raise _unknown_file(source) from None
    except PictureError as error:
        raise GroundTruthError("The fixations cannot be used. {why}", why=error.message) from None
    return map_recording(values, shape, participant)


# --- density maps -----------------------------------------------------------------------------------------------------


def read_density(source: Source, options: GazeOptions = DEFAULT_OPTIONS) -> DensityMap:
    """A density map of where people looked, with notices on what was done to it.

    Args:
        source: bytes, path or open file of a grey picture, of 8 or 16 bits or floats, or of a ``.npy``, ``.npz`` or
            ``.mat`` file; or a PIL image or an array.
        options: `GazeOptions.log` is read.

    Raises:
        GroundTruthError: it cannot be read, is in colour, has more than `imaging.MAX_PIXELS`, has negative, non-finite
            or only zero values, or looks like logarithms or like fixations.
    """
    values = without_single_axes(array_of(source))
    _check_pixels(values)
    return densities.density_map(values, options.log)


def load_map(source: Source) -> np.ndarray:
    """A density map of where people looked, (H, W) float64, >= 0 and not zero everywhere; its scale is free.

    Args:
        source: as for `read_density`, whose notices are not given.

    Raises:
        GroundTruthError: as `read_density`.

    Example:
        >>> load_map(np.array([[0.0, 1.0], [2.0, 1.0]])).max()
        np.float64(2.0)
    """
    return read_density(source).values


def array_of(source: Source) -> np.ndarray:
    """The values of a map as they are, whatever they mean.

    Args:
        source: as for `read_density`.

    Raises:
        GroundTruthError: it cannot be read.
    """
    if isinstance(source, np.ndarray):
        return source
    content = source if isinstance(source, Image.Image) else _content(source)
    if isinstance(content, bytes):
        if content.startswith(NPY):
            return read_npy(content)
        if content.startswith(_ZIP):
            return read_npz(content, densities.KNOWN)
        if looks_like_mat(content):
            return mat_density(content)
    try:
        return read_values(content)
    except PictureError as error:
        raise GroundTruthError("The density map cannot be used. {why}", why=error.message) from None


# --- files ------------------------------------------------------------------------------------------------------------


def _content(source: File) -> bytes:
    """The bytes of a file."""
    try:
        return read(source)
    except EmptyPictureError:
        raise GroundTruthError("The file is empty.") from None
    except PictureTooLargeError:
        raise GroundTruthError("The file is larger than {megabytes:g} MB.", megabytes=MAX_BYTES / 2**20) from None
    except PictureError:
        raise GroundTruthError("The file cannot be opened.") from None


def _check_pixels(values: np.ndarray) -> None:
    if (pixels := math.prod(values.shape[:2])) > MAX_PIXELS:
        raise GroundTruthError(
            "The map has {pixels:,.0f} million pixels; up to {most:g} million are read.",
            pixels=pixels / 1e6,
            most=MAX_PIXELS / 1e6,
        )


def _check_workbook(content: bytes) -> None:
    """Raises `GroundTruthError` where a zip archive is a workbook."""
    if b"xl/" in content[:4096] or b"xl/workbook" in content[-65536:] or b"opendocument" in content[:4096]:
        raise GroundTruthError("Workbooks of Excel and others are not read; please save the sheet as CSV.")


def _unknown_file(source: Any) -> GroundTruthError:
    """What is read, where a file is none of that."""
    if isinstance(source, bytes) and b"SR_RESEARCH" in source[:4096]:
        return GroundTruthError("EyeLink EDF files are not read; please convert it to ASC with SR Research's edf2asc.")
    return GroundTruthError(
        "Gaze is not read from this kind of file, but from tables as text (CSV, TSV), JSON, EyeLink ASC, NumPy .npy "
        "and .npz, MATLAB .mat of version 5 and pictures with white fixations. Please export a table with columns x "
        "and y."
    )
