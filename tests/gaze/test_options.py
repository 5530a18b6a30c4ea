"""Options of reading gaze as people write them."""

from __future__ import annotations

import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import GazeOptions, Screen, Shown, Units
from saliency.gaze.options import written_options


def test_nothing_written_is_the_default():
    assert written_options() == GazeOptions()
    assert written_options("", " ", "", "", "  ", None, None) == GazeOptions()
    assert written_options("auto", None, "centred", None, None, False, False) == GazeOptions()


def test_what_is_written_is_read():
    assert written_options("shares-from-below", picture=" a.jpg ", drop_zeros=True, log=True) == GazeOptions(
        Units.SHARES_FROM_BELOW, None, "a.jpg", True, True
    )


@pytest.mark.parametrize("written", ["1920x1080", " 1920 x 1080 ", "1920×1080", "1920X1080", "1920, 1080", "1920 1080"])
def test_a_screen_is_its_width_and_height(written):
    assert written_options(screen=written).screen == Screen(1920, 1080, Shown.CENTRED)
    assert written_options(screen=written, shown="fitted").screen == Screen(1920, 1080, Shown.FITTED)


@pytest.mark.parametrize(
    ("written", "place"), [("240, 60", (240, 60)), ("240 60", (240, 60)), ("-10.5;0", (-10.5, 0)), (" 1,2 ", (1, 2))]
)
def test_a_corner_is_a_place_on_the_screen(written, place):
    assert written_options(screen="800x600", shown="at", corner=written).screen == Screen(800, 600, Shown.AT, *place)


@pytest.mark.parametrize(
    "written", ["1920x", "x1080", "1920", "1920x1080x2", "0x1080", "-5x10", "wide", "1e3x10", "999999x10", "19 20x10"]
)
def test_what_is_no_size_is_refused_with_an_example(written):
    with pytest.raises(GroundTruthError, match=f"such as 1920x1080, not “{written}”"):
        written_options(screen=written)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"units": "furlongs"}, "“furlongs” is none of the choices auto, pixels, shares, shares-from-below"),
        ({"screen": "800x600", "shown": "upside down"}, "centred, fitted, stretched, at"),
        ({"shown": "fitted"}, "only with the size of the screen"),
        ({"corner": "1, 2"}, "only with the size of the screen"),
        ({"screen": "800x600", "corner": "1, 2"}, "only where the picture was shown “at” it"),
        ({"screen": "800x600", "shown": "at"}, "Please give the picture's upper left corner"),
        ({"screen": "800x600", "shown": "at", "corner": "here"}, "such as 240, 60, not “here”"),
        ({"screen": "800x600", "shown": "at", "corner": "1"}, "such as 240, 60, not “1”"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, words):
    with pytest.raises(GroundTruthError, match=words):
        written_options(**options)
