"""What a file of gaze holds once it is read, and how its reader is asked to interpret it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from ..messages import Message


class Units(StrEnum):
    """In which units a file gives positions."""

    AUTO = "auto"
    """Pixels, unless the column names of the file define other units (Gazepoint's FPOGX, Pupil's norm_pos_x)."""
    PIXELS = "pixels"
    SHARES = "shares"
    """Shares of the width and height, y from the upper edge."""
    SHARES_FROM_BELOW = "shares-from-below"
    """Shares of the width and height, y from the lower edge."""


class Shown(StrEnum):
    """How a picture was shown on the screen that a tracker's coordinates refer to."""

    CENTRED = "centred"
    """At its own size, in the middle."""
    FITTED = "fitted"
    """As large as the screen allows at its own proportions, in the middle."""
    STRETCHED = "stretched"
    """Over the whole screen, whatever its proportions."""
    AT = "at"
    """At its own size, its upper left corner at a given place."""


@dataclass(frozen=True)
class Screen:
    """The screen on which a picture was shown, for gaze given in screen coordinates.

    Attributes:
        width, height: pixels of the screen.
        shown: how the picture was shown.
        left, top: pixels of the screen left of and above the picture; read with `Shown.AT` only.
    """

    width: int
    height: int
    shown: Shown = Shown.CENTRED
    left: float = 0
    top: float = 0


@dataclass(frozen=True)
class GazeOptions:
    """How to read a file of gaze, where the file does not say.

    Attributes:
        units: of positions.
        screen: given where positions are on a screen; None: on the picture.
        picture: which picture's rows are read from a table of several; compared with and without extension and folder.
        drop_zeros: leave out fixations at exactly (0, 0), which many trackers write for lost samples.
        log: a density holds logarithms, which are exponentiated.
    """

    units: Units = Units.AUTO
    screen: Screen | None = None
    picture: str | None = None
    drop_zeros: bool = False
    log: bool = False


DEFAULT_OPTIONS = GazeOptions()


@dataclass(frozen=True)
class Fixation:
    """One fixation on a picture.

    Attributes:
        x, y: the pixel, from the upper left.
        participant: who looked.
        round: number of the viewing of the picture, from 1.
        order: which fixation of the round, from 1.
        milliseconds: onset since the round began; None where that is not known.
        duration: milliseconds that it lasted; None where that is not known.
    """

    x: int
    y: int
    participant: str = ""
    round: int = 1
    order: int = 1
    milliseconds: int | None = None
    duration: int | None = None


@dataclass(frozen=True, eq=False)
class Recording:
    """The fixations of a file on one picture, and what was done to them.

    Attributes:
        fixations: in the order of the file, repeats included.
        shape: (H, W) of the picture.
        units: in which the file gave positions; never `Units.AUTO`.
        columns: name in the file by role (x, y, participant, duration, ...); empty where the file is no table.
        total: fixations in the file, those left out included.
        left_out: number of rows left out, by reason: ``lost`` (blank or marked as such), ``zeros``, ``outside``,
            ``other_picture``, ``other_eye``, ``not_fixations`` (saccades, blinks).
        notices: sentences on everything that was inferred, converted or left out.
    """

    fixations: tuple[Fixation, ...]
    shape: tuple[int, int]
    units: Units = Units.PIXELS
    columns: Mapping[str, str] = field(default_factory=dict)
    total: int = 0
    left_out: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[Message, ...] = ()

    @property
    def points(self) -> np.ndarray:
        """Fixated pixels, (N, 2) int64 (row, column), repeats included."""
        return np.array([(fixation.y, fixation.x) for fixation in self.fixations], dtype=np.int64).reshape(-1, 2)

    @property
    def participants(self) -> tuple[str, ...]:
        """Names of those who looked, in the order of the file."""
        return tuple(dict.fromkeys(fixation.participant for fixation in self.fixations))

    def summary(self) -> Message:
        """One line for people, e.g. "312 fixations of 4 people, pixels, 3 left out"."""
        count, people, left_out = len(self.fixations), len(self.participants), sum(self.left_out.values())
        values = {
            "fixations": Message("1 fixation") if count == 1 else Message("{count:,} fixations", count=count),
            "people": Message("1 person") if people == 1 else Message("{people:,} people", people=people),
            "units": _in_words(self.units),
        }
        if not left_out:
            return Message("{fixations} of {people}, {units}", **values)
        return Message("{fixations} of {people}, {units}, {left_out:,} left out", left_out=left_out, **values)


def _in_words(units: Units) -> Message:
    """Units for a sentence."""
    if units is Units.SHARES:
        return Message("shares from above")
    if units is Units.SHARES_FROM_BELOW:
        return Message("shares from below")
    return Message("pixels")


@dataclass(frozen=True, eq=False)
class DensityMap:
    """A density of gaze as a file gave it.

    Attributes:
        values: (h, w) float64, finite, >= 0 and not zero everywhere; the scale is free.
        notices: sentences on everything that was inferred or converted.
    """

    values: np.ndarray
    notices: tuple[Message, ...] = ()
