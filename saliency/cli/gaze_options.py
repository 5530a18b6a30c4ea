"""The options that say how a file of gaze is read, shared by the commands that read one."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from ..gaze import GazeOptions, Screen, Shown, Units


def _units(text: str) -> Units:
    """A name of `Units`; “share” is taken for “shares”."""
    return Units(text.replace("share-", "shares-") if text != "share" else "shares")


def _screen(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{1,5})\s*[x×*]\s*(\d{1,5})", text.strip(), re.IGNORECASE)
    if found is None or not int(found[1]) or not int(found[2]):
        raise typer.BadParameter(f"A screen is given as WIDTHxHEIGHT in pixels, e.g. 1920x1080, not “{text}”.")
    return int(found[1]), int(found[2])


def _place(text: str) -> tuple[float, float]:
    try:
        left, top = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(f"A place is given as X,Y in pixels, e.g. 320,60, not “{text}”.") from None
    return left, top


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
        left, top = (0.0, 0.0) if place is None else _place(place)
        how = Shown.AT if place is not None else shown or Shown.CENTRED
        where = Screen(*_screen(screen), how, left, top)
    return GazeOptions(units, where, picture, drop_zeros, log)
