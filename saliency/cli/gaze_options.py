"""The options that say how a file of gaze is read, shared by the commands that read one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from ..errors import GroundTruthError
from ..gaze import GazeOptions, Screen, Shown, Units
from ..gaze.options import screen_place, screen_size


def _units(text: str) -> Units:
    """A name of `Units`; “share” is taken for “shares”."""
    return Units(text.replace("share-", "shares-") if text != "share" else "shares")


def _pair(parse: Callable[[str], tuple[float, float]], text: str) -> tuple[float, float]:
    """What an option of two numbers says."""
    try:
        return parse(text)
    except GroundTruthError as error:
        raise typer.BadParameter(error.message) from None


UnitsOption = Annotated[
    Units,
    typer.Option(
        parser=_units, metavar="|".join(Units), help="The units of the positions; shares are of the picture's sides."
    ),
]
ScreenOption = Annotated[
    str | None,
    typer.Option(metavar="WIDTHxHEIGHT", help="Positions are on a screen of so many pixels, not on the picture."),
]
ShownOption = Annotated[
    Shown | None, typer.Option(help="How the picture was shown on the screen; default: at its own size, in the middle.")
]
PlaceOption = Annotated[
    str | None,
    typer.Option("--at", metavar="X,Y", help="Where on the screen the picture's upper left corner was."),
]
DropZerosOption = Annotated[
    bool, typer.Option("--drop-zeros", help="Leave out fixations at exactly 0,0: samples that the tracker lost.")
]
PictureNameOption = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="What a table of several pictures calls this one; default: its file's name."),
]
LogOption = Annotated[bool, typer.Option("--log", help="The maps to score hold logarithms, which are exponentiated.")]


def gaze_options(
    *,
    units: Units = Units.AUTO,
    screen: str | None = None,
    shown: Shown | None = None,
    place: str | None = None,
    drop_zeros: bool = False,
    picture: str | None = None,
    log: bool = False,
) -> GazeOptions:
    """What the options of a command say.

    Args:
        screen: ``WIDTHxHEIGHT``.
        place: ``X,Y``; means `Shown.AT`.

    Raises:
        typer.BadParameter: something else is written, or options that do not go together.
    """
    if screen is None and (shown is not None or place is not None):
        raise typer.BadParameter("--shown and --at need --screen WIDTHxHEIGHT.")
    if place is not None and shown not in (None, Shown.AT):
        raise typer.BadParameter(f"--at gives the place of the picture; --shown {shown.value} gives another.")
    if shown is Shown.AT and place is None:
        raise typer.BadParameter("--shown at needs --at X,Y.")
    where = None
    if screen is not None:
        left, top = (0.0, 0.0) if place is None else _pair(screen_place, place)
        how = Shown.AT if place is not None else shown or Shown.CENTRED
        where = Screen(*_pair(screen_size, screen), how, left, top)
    return GazeOptions(units, where, picture, drop_zeros, log)
