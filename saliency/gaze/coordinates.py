"""From positions as a file gives them to pixels of the picture, with everything that is left out on the way counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import GroundTruthError
from ..messages import Message
from .recording import DEFAULT_OPTIONS, GazeOptions, Screen, Shown, Units

MAX_FIXATIONS = 100_000

_LOST_FROM = 1e7  # EyeLink writes 1e8, others 1e7
_LOST = -32768  # SR Research's MISSING_DATA
_FROM_ONE = Message("The largest x or y is exactly the picture's width or height: does the file count from one?")
_ROUNDING = 1e-9  # pixels by which products of shares miss a whole number


@dataclass(frozen=True, eq=False)
class Pixels:
    """Positions on the picture.

    Attributes:
        points: (N, 2) int64 (row, column).
        rows: (N,) int64, which of the given positions each is.
        units: in which the positions were read.
        left_out: by reason, as `Recording` has it.
        notices: on all of that.
    """

    points: np.ndarray
    rows: np.ndarray
    units: Units
    left_out: dict[str, int]
    notices: tuple[Message, ...]


def to_pixels(
    positions: np.ndarray, shape: tuple[int, int], options: GazeOptions = DEFAULT_OPTIONS, units: Units | None = None
) -> Pixels:
    """The pixels of positions.

    Args:
        positions: (N, 2) float64 (x, y) from the upper left; NaN, huge ones and -32768 are lost samples.
        shape: (H, W) of the picture.
        options: units, screen and whether exact zeros are left out.
        units: that the file itself defines; read with `Units.AUTO`.

    Raises:
        GroundTruthError: there are none, too many, they look like shares and nobody says that they are, or more than
            half lie outside of the picture.
    """
    notices: list[Message] = []
    left_out: dict[str, int] = {}
    rows = np.arange(len(positions))
    lost = ~(np.abs(positions) < _LOST_FROM).all(axis=1) | (positions == _LOST).any(axis=1)
    rows = _without(rows, lost, "lost", left_out)
    if lost.any():
        notices.append(_lost(int(lost.sum()), len(positions)))
    zeros = (positions[rows] == 0).all(axis=1)
    if options.drop_zeros:
        rows = _without(rows, zeros, "zeros", left_out)
    if zeros.any() and (options.drop_zeros or zeros.sum() > 1):
        notices.append(_zeros(int(zeros.sum()), options.drop_zeros))
    check_count(len(rows))
    if len(rows) == 0:
        raise nothing_left(left_out)
    read = positions[rows]
    units = _units(read, options.units, units)
    points = _on_picture(read, shape, units, options.screen)
    outside = np.logical_not(((points >= 0) & (points < (shape[1], shape[0]))).all(axis=1))
    if 2 * outside.sum() > len(points):
        hint = _hint(points, read, shape, units, options.screen)
        raise _too_many_outside(int(outside.sum()), len(points), shape, hint)
    if outside.any():
        notices.append(_outside(int(outside.sum()), len(points)))
        if units is Units.PIXELS and options.screen is None and _counts_from_one(points, shape):
            notices.append(_FROM_ONE)
    rows = _without(rows, outside, "outside", left_out)
    return Pixels(np.floor(points[~outside]).astype(np.int64)[:, ::-1], rows, units, left_out, tuple(notices))


def strictly(pixels: Pixels, count: int, shape: tuple[int, int]) -> np.ndarray:
    """The points of `to_pixels` where nothing may be left out, (N, 2) int64 (row, column).

    Raises:
        GroundTruthError: one is lost or lies outside of the picture.
    """
    if pixels.left_out.get("lost"):
        raise GroundTruthError("The fixation table must have two numbers a line: x, y.")
    if outside := pixels.left_out.get("outside"):
        raise _too_many_outside(outside, count, shape, None)
    return pixels.points


def check_count(count: int) -> None:
    """Raises `GroundTruthError` where there are more than `MAX_FIXATIONS`."""
    if count > MAX_FIXATIONS:
        raise GroundTruthError(
            "These are {count:,} fixations; up to {most:,} are read.", count=count, most=MAX_FIXATIONS
        )


def nothing_left(left_out: dict[str, int]) -> GroundTruthError:
    """That a file has no fixation, or none that can be used."""
    count = sum(left_out.values())
    if not count:
        return GroundTruthError("There is no fixation in the file.")
    return GroundTruthError(
        "There is no fixation in the file; rows left out as lost samples or as no fixations: {count:,}.", count=count
    )


def _without(rows: np.ndarray, which: np.ndarray, reason: str, left_out: dict[str, int]) -> np.ndarray:
    """`rows` without some; their number is added to `left_out`."""
    if which.any():
        left_out[reason] = int(which.sum())
    return rows[~which]


# --- units and screens ------------------------------------------------------------------------------------------------


def _units(positions: np.ndarray, asked: Units, defined: Units | None) -> Units:
    """In which units positions are: as asked, as the file defines, or pixels if they do not look like shares."""
    if asked is not Units.AUTO:
        return asked
    if defined is not None:
        return defined
    if _look_like_shares(positions):
        raise GroundTruthError(
            "The positions lie between -1 and 1: they look like shares of the picture's width and height, not like "
            "pixels. Please choose shares as their units, with y from above or from below."
        )
    return Units.PIXELS


def _look_like_shares(positions: np.ndarray) -> bool:
    """Whether nearly all positions are within one unit of the origin and not all are whole; exact zeros do not count.

    Gaze beside the picture has shares beyond 1, so a few of them prove nothing.
    """
    positions = positions[(positions != 0).any(axis=1)]
    if len(positions) == 0 or (positions == np.floor(positions)).all():
        return False
    small = (np.abs(positions) <= 1).all(axis=1)
    return small.mean() > 0.8 and np.abs(positions).max() < 8


def _on_picture(positions: np.ndarray, shape: tuple[int, int], units: Units, screen: Screen | None) -> np.ndarray:
    """Positions as coordinates on the picture, (N, 2) float64 (x, y), in pixels."""
    size = np.array(shape[::-1], dtype=np.float64)
    frame = size if screen is None else np.array(_screen_size(screen), dtype=np.float64)
    points = positions.astype(np.float64)
    if units is not Units.PIXELS:
        if units is Units.SHARES_FROM_BELOW:
            points = np.stack([points[:, 0], 1 - points[:, 1]], axis=1)
        last = points == 1
        points = _rounded(points * frame)
    if screen is not None:
        corner, scale = _placement(screen, size)
        points = _rounded((points - corner) / scale)
    if units is not Units.PIXELS:
        points = np.where(last & (points == size), size - 1, points)  # a share of exactly 1 is the last pixel
    return points


def _rounded(points: np.ndarray) -> np.ndarray:
    """Coordinates without the rounding errors of a product, which would move a whole number to the pixel before."""
    whole = np.round(points)
    return np.where(np.abs(points - whole) < _ROUNDING * np.maximum(1, np.abs(points)), whole, points)


def _placement(screen: Screen, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where on the screen the picture's upper left corner was, and the screen's pixels per pixel of the picture."""
    frame = np.array(_screen_size(screen), dtype=np.float64)
    scale = np.ones(2)
    if screen.shown is Shown.AT:
        return np.array([screen.left, screen.top], dtype=np.float64), scale
    if screen.shown is Shown.STRETCHED:
        scale = frame / size
    elif screen.shown is Shown.FITTED:
        scale = np.full(2, (frame / size).min())
    return (frame - size * scale) / 2, scale


def _screen_size(screen: Screen) -> tuple[int, int]:
    if not (0 < screen.width <= 100_000 and 0 < screen.height <= 100_000):
        raise GroundTruthError("The screen's width and height must be positive numbers of pixels.")
    return screen.width, screen.height


# --- sentences --------------------------------------------------------------------------------------------------------


def _lost(number: int, count: int) -> Message:
    if number == 1:
        return Message("1 of {count:,} positions is lost (blank or marked as such) and is left out.", count=count)
    return Message(
        "{number:,} of {count:,} positions are lost (blank or marked as such) and are left out.",
        number=number,
        count=count,
    )


def _zeros(number: int, dropped: bool) -> Message:
    if dropped:
        return Message("Positions at exactly (0, 0), left out as lost: {number:,}.", number=number)
    return Message(
        "{number:,} fixations are at exactly (0, 0), which many trackers write for lost samples; they can be left out.",
        number=number,
    )


def _outside(outside: int, count: int) -> Message:
    if outside == 1:
        return Message("1 of {count:,} fixations lies outside of the picture and is left out.", count=count)
    return Message(
        "{number:,} of {count:,} fixations lie outside of the picture and are left out.", number=outside, count=count
    )


def _too_many_outside(outside: int, count: int, shape: tuple[int, int], hint: Message | None) -> GroundTruthError:
    values = {"outside": outside, "count": count, "width": shape[1], "height": shape[0]}
    if hint is None:
        return GroundTruthError(
            "{outside} of {count} fixations lie outside of the picture, which is {width} x {height} pixels.", **values
        )
    return GroundTruthError(
        "{outside} of {count} fixations lie outside of the picture, which is {width} x {height} pixels. {hint}",
        hint=hint,
        **values,
    )


def _counts_from_one(points: np.ndarray, shape: tuple[int, int]) -> bool:
    """Whether pixels reach from 1 to the picture's width or height, and not beyond."""
    size = np.array(shape[::-1])
    largest, least = points.max(axis=0), points.min(axis=0)
    return bool((largest == size).any() and (largest <= size).all() and (least >= 1).all())


def _hint(
    points: np.ndarray, positions: np.ndarray, shape: tuple[int, int], units: Units, screen: Screen | None
) -> Message | None:
    """What may be wrong where most fixations lie outside of the picture."""
    if units is not Units.PIXELS:
        if np.abs(positions).max() > 8:
            return Message("They were read as shares of the width and height; are they pixels?")
        return None
    if screen is None and _counts_from_one(points, shape):
        return _FROM_ONE
    if screen is not None:
        return Message("Was the picture shown on the screen in the way that was chosen?")
    return Message("If they are positions on a screen, please give its size and how the picture was shown.")


def names_of(names: Sequence[str], most: int = 5) -> str:
    """A few names for a sentence."""
    shown = ", ".join(name[:60] for name in names[:most])
    return shown + (", ..." if len(names) > most else "")
