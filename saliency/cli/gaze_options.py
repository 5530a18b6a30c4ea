"""The options that say how a file of gaze is read, shared by the commands that read one."""

from __future__ import annotations

from typing import Annotated

import typer

from ..errors import GroundTruthError
from ..gaze import GazeOptions, Shown, Units
from ..gaze.options import written_options


def _units(text: str) -> Units:
    """A name of `Units`; “share” is taken for “shares”."""
    return Units(text.replace("share-", "shares-") if text != "share" else "shares")


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
    if place is not None and shown is None:
        shown = Shown.AT
    try:
        return written_options(units, screen, shown, place, picture, drop_zeros, log)
    except GroundTruthError as error:
        raise typer.BadParameter(error.message) from None
