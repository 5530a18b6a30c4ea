"""`GazeOptions` from what people write: the app's fields, parameters of its API, options of the command line."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from ..errors import GroundTruthError
from .recording import GazeOptions, Screen, Shown, Units

MAX_SIDE = 100_000  # pixels of a screen; a wall of displays has fewer

_Choice = TypeVar("_Choice", bound=StrEnum)
_SIZE = re.compile(r"(\d{1,6})\s*[x×*,;\s]\s*(\d{1,6})", re.IGNORECASE)
_NUMBER = r"([+-]?\d{1,6}(?:\.\d{1,6})?)"
_PLACE = re.compile(rf"{_NUMBER}\s*[,;\s]\s*{_NUMBER}")


def written_options(
    units: str | None = None,
    screen: str | None = None,
    shown: str | None = None,
    corner: str | None = None,
    picture: str | None = None,
    drop_zeros: bool | None = False,
    log: bool | None = False,
) -> GazeOptions:
    """Options as they are written; what is empty or None is the default.

    Args:
        units: a value of `Units`.
        screen: width and height in pixels, such as ``1920x1080``.
        shown: a value of `Shown`.
        corner: x and y of the picture's upper left corner on the screen, such as ``240, 60``; needed for `Shown.AT`.
        picture, drop_zeros, log: as in `GazeOptions`.

    Raises:
        GroundTruthError: a value that cannot be understood, or one that lacks another.
    """
    return GazeOptions(
        units=_choice(Units, units, Units.AUTO),
        screen=_screen(_stripped(screen), _choice(Shown, shown, Shown.CENTRED), _stripped(corner)),
        picture=_stripped(picture) or None,
        drop_zeros=bool(drop_zeros),
        log=bool(log),
    )


def _screen(size: str, shown: Shown, corner: str) -> Screen | None:
    if not size:
        if shown is Shown.CENTRED and not corner:
            return None
        raise GroundTruthError("How the picture was shown is of use only with the size of the screen.")
    width, height = screen_size(size)
    if shown is Shown.AT:
        return Screen(width, height, shown, *screen_place(corner))
    if corner:
        raise GroundTruthError("The picture's corner on the screen is of use only where the picture was shown “at” it.")
    return Screen(width, height, shown)


def screen_size(written: str) -> tuple[int, int]:
    """Width and height in pixels of a screen, such as ``1920x1080``.

    Raises:
        GroundTruthError: something else is written.
    """
    match = _SIZE.fullmatch(written.strip())
    size = (int(match[1]), int(match[2])) if match else (0, 0)
    if not all(1 <= side <= MAX_SIDE for side in size):
        raise GroundTruthError(
            "The size of a screen is its width and height in pixels, such as 1920x1080, not “{written}”.",
            written=written[:40],
        )
    return size


def screen_place(written: str) -> tuple[float, float]:
    """The position (x, y) in pixels of a place on a screen, such as ``240, 60``.

    Raises:
        GroundTruthError: nothing or something else is written.
    """
    if not written.strip():
        raise GroundTruthError("Please give the picture's upper left corner on the screen, such as 240, 60.")
    match = _PLACE.fullmatch(written.strip())
    if not match:
        raise GroundTruthError(
            "The picture's upper left corner on the screen is x and y in pixels, such as 240, 60, not “{written}”.",
            written=written[:40],
        )
    return float(match[1]), float(match[2])


def _choice(kind: type[_Choice], written: str | None, default: _Choice) -> _Choice:
    if not written:
        return default
    try:
        return kind(written)
    except ValueError:
        raise GroundTruthError(
            "“{written}” is none of the choices {known}.", written=str(written)[:40], known=", ".join(kind)
        ) from None


def _stripped(written: str | None) -> str:
    return (written or "").strip()
