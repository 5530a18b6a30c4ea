"""MATLAB files of version 5 with the fixations of SALICON, CAT2000, MIT1003 and OSIE, or a density map."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from io import BytesIO
from typing import Any, Literal

import numpy as np
import pandas as pd
import scipy.io

from ..errors import GroundTruthError
from ..messages import Message
from .columns import listed
from .coordinates import nothing_left
from .densities import KNOWN
from .fixation_maps import map_recording
from .recording import GazeOptions, Recording
from .rows import frame_recording, same_picture

MAX_EXPANDED = 512 * 2**20

_COMPRESSED = 15  # type of a compressed element in a file of version 5


def looks_like_mat(content: bytes) -> bool:
    """Whether bytes are a MATLAB file of version 5 or 7.3."""
    return content.startswith((b"MATLAB 5.0", b"MATLAB 7.3", b"\x89HDF\r\n"))


def mat_recording(content: bytes, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """The recording of a MATLAB file; see `read_fixations`.

    Raises:
        GroundTruthError: it is damaged, of version 7.3, or has none of the variables that are read.
    """
    names = _names(content)
    if "gaze" in names:
        return _salicon(_variable(content, "gaze"), shape, options, participant)
    if "fixLocs" in names:
        values = _numeric(_variable(content, "fixLocs"))
        if values is not None and values.ndim == 2:
            return map_recording(values, shape, participant)
    if "fixations" in names:
        return _osie(_osie_pictures(content), shape, options, participant)
    raise GroundTruthError(
        "The MATLAB file has the variables {names}; of fixations, “gaze” (SALICON), “fixLocs” (CAT2000, MIT) and "
        "“fixations” (OSIE) are read. Please export a table with columns x and y.",
        names=listed(names) or "-",
    )


def mat_density(content: bytes) -> np.ndarray:
    """The density map of a MATLAB file: its only array of numbers, or the one with a known name.

    Raises:
        GroundTruthError: as for `mat_recording`.
    """
    names = _names(content)
    known = [name for name in names if name.lower() in KNOWN]
    candidates = known[:1] or names
    arrays = [array for name in candidates[:20] if (array := _numeric(_variable(content, name))) is not None]
    arrays = [array for array in arrays if min(array.shape) > 1]
    if len(arrays) == 1:
        return arrays[0]
    raise GroundTruthError(
        "The MATLAB file has the variables {names}; please save the density map alone, or call it {known}.",
        names=listed(names) or "-",
        known=KNOWN[0],
    )


# --- files ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _names(content: bytes) -> Sequence[str]:
    """The variables of a file, once it is checked; cached as `_osie_pictures`."""
    if not content.startswith(b"MATLAB 5.0"):
        raise GroundTruthError(
            "MATLAB files of version 7.3 are not read; please save it with save(..., '-v7') or as a table."
        )
    try:
        if _expanded(content) > MAX_EXPANDED:
            raise GroundTruthError(
                "The MATLAB file's variables have more than {megabytes:,.0f} MB.", megabytes=MAX_EXPANDED / 2**20
            )
        return [name for name, *_ in scipy.io.whosmat(BytesIO(content))]
    except GroundTruthError:
        raise
    except Exception:  # damaged files raise nearly anything
        raise _damaged() from None


def _expanded(content: bytes) -> int:
    """Bytes of the file's elements without compression, counted up to a little more than `MAX_EXPANDED`."""
    order: Literal["little", "big"] = "little" if content[126:128] == b"IM" else "big"
    position, total = 128, 0
    while position + 8 <= len(content) and total <= MAX_EXPANDED:
        kind, size = (int.from_bytes(content[position + at : position + at + 4], order) for at in (0, 4))
        position += 8
        if kind != _COMPRESSED:
            total += size
        else:
            stream, piece = zlib.decompressobj(), content[position : position + size]
            while piece and total <= MAX_EXPANDED:
                total += len(stream.decompress(piece, 2**24))
                piece = stream.unconsumed_tail
        position += size
    return total


def _variable(content: bytes, name: str) -> Any:
    try:
        return scipy.io.loadmat(
            BytesIO(content),
            variable_names=[name],
            squeeze_me=True,
            struct_as_record=False,
            verify_compressed_data_integrity=False,
        )[name]
    except Exception:  # as above
        raise _damaged() from None


def _damaged() -> GroundTruthError:
    return GroundTruthError("The MATLAB file is damaged or was cut short.")


def _numeric(value: Any) -> np.ndarray | None:
    """A variable as an array of numbers; None where it is none. Sparse arrays are filled if they are small enough."""
    if hasattr(value, "toarray"):
        value = value.toarray() if int(np.prod(value.shape, dtype=object)) * 8 <= MAX_EXPANDED else None
    return value if isinstance(value, np.ndarray) and value.ndim >= 2 and value.dtype.kind in "biuf" else None


# --- data sets --------------------------------------------------------------------------------------------------------


def _salicon(gaze: Any, shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """SALICON: one struct per person, whose fixations are (N, 2) x, y counted from one."""
    frames = []
    for number, person in enumerate(_elements(gaze), start=1):
        points = np.asarray(getattr(person, "fixations", ()), dtype=object)
        if points.size == 0:
            continue
        points = points.reshape(1, -1) if points.ndim == 1 else points
        if points.ndim != 2 or points.shape[1] != 2:
            raise _damaged()
        frames.append(_frame(points[:, 0], points[:, 1], 1, participant=f"{participant} {number}".strip()))
    recording = _joined(frames, shape, options, participant)
    notice = Message("The positions of SALICON count from one; one was subtracted from x and y.")
    return replace(recording, notices=(notice, *recording.notices))


@lru_cache(maxsize=1)
def _osie_pictures(content: bytes) -> Sequence[Any]:
    """The structs of OSIE's file; cached, since a data set reads it once per picture."""
    return _elements(_variable(content, "fixations"))


def _osie(pictures: Sequence[Any], shape: tuple[int, int], options: GazeOptions, participant: str) -> Recording:
    """OSIE: one struct per picture, in it one per person with fix_x, fix_y and fix_duration."""
    frames = []
    meant = [one for one in pictures if options.picture and same_picture(str(getattr(one, "img", "")), options.picture)]
    for picture in meant or pictures:
        for number, person in enumerate(_elements(getattr(picture, "subjects", ())), start=1):
            x, y, duration = (np.atleast_1d(getattr(person, name, ())) for name in ("fix_x", "fix_y", "fix_duration"))
            if len(x) != len(y) or x.ndim != 1 or y.ndim != 1:
                raise _damaged()
            if len(x) == 0:
                continue
            frames.append(
                _frame(
                    x,
                    y,
                    0,
                    image=str(getattr(picture, "img", "")),
                    participant=f"{participant} {number}".strip(),
                    duration=duration if len(duration) == len(x) else None,
                )
            )
    return _joined(frames, shape, options, participant)


def _elements(value: Any) -> Sequence[Any]:
    """The structs of a variable, which is one itself where the array has only one."""
    if isinstance(value, np.ndarray):
        return list(value.ravel()) if value.dtype == object else []
    return [value]


def _frame(x: np.ndarray, y: np.ndarray, first: int, **others: Any) -> pd.DataFrame:
    """Positions that count from `first`."""
    try:
        return pd.DataFrame({"x": x.astype(np.float64) - first, "y": y.astype(np.float64) - first} | others)
    except (TypeError, ValueError):
        raise _damaged() from None


def _joined(
    frames: Sequence[pd.DataFrame], shape: tuple[int, int], options: GazeOptions, participant: str
) -> Recording:
    if not frames:
        raise nothing_left({})
    return frame_recording(pd.concat(frames, ignore_index=True), shape, options, participant)
