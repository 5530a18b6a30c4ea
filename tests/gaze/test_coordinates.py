"""Units, screens, lost samples and what lies outside of the picture."""

from __future__ import annotations

import numpy as np
import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import Screen, Shown, Units, recording
from saliency.gaze.coordinates import _on_picture
from tests.gaze.files import SHAPE, notices, positions, read

SHARES = "x,y\n0.31,0.72\n0.55,0.40\n"


@pytest.mark.parametrize(
    "table", [SHARES, "0.31,0.72\n0.55,0.40", "x,y\n0.5,0.5\n", "x,y\n-0.2,0.9\n0,0\n", SHARES * 1 + "0,0\n" * 9]
)
def test_shares_are_not_taken_for_pixels(table):
    with pytest.raises(GroundTruthError, match="look like shares of the picture's width and height"):
        read(table)


def test_a_few_shares_beyond_the_picture_do_not_make_pixels_of_the_others():
    with pytest.raises(GroundTruthError, match="look like shares"):
        read("x,y\n" + "0.5,0.5\n" * 9 + "1.3,0.5\n")


def test_shares_from_above_and_from_below():
    # 0.31 * 640 = 198.4, 0.72 * 480 = 345.6, 0.55 * 640 = 352, 0.4 * 480 = 192; from below 134.4 and 288
    above = read(SHARES, units=Units.SHARES)
    assert positions(above) == [[198, 345], [352, 192]]
    assert above.units is Units.SHARES
    assert above.summary() == "2 fixations of 1 person, shares from above"
    assert positions(read(SHARES, units=Units.SHARES_FROM_BELOW)) == [[198, 134], [352, 288]]


def test_shares_of_one_are_the_last_pixel():
    assert positions(read("x,y\n1,1\n0,0\n", units=Units.SHARES)) == [[639, 479], [0, 0]]
    assert positions(read("x,y\n1,1\n0,0\n", units=Units.SHARES_FROM_BELOW)) == [[639, 0], [0, 479]]


def test_rounding_does_not_move_a_share_to_the_pixel_before():
    # 0.29 * 100 is 28.999999999999996 in floating point
    assert positions(read("x,y\n0.29,0.58\n", (100, 100), units=Units.SHARES)) == [[29, 58]]


def test_pixels_in_the_corner_can_be_insisted_on():
    assert positions(read(SHARES, units=Units.PIXELS)) == [[0, 0], [0, 0]]
    assert positions(read("x,y\n1,1\n0,1\n")) == [[1, 1], [0, 1]]


def test_pixels_called_shares_are_refused_with_a_hint():
    with pytest.raises(GroundTruthError, match=r"2 of 2 fixations lie outside.*are they pixels"):
        read("x,y\n312,211\n20,30\n", units=Units.SHARES)


@pytest.mark.parametrize("mark", ["", ".", "NaN", "nan", "100000000", "1e8", "1E7", "-32768", "-32768.0", "NA", "inf"])
def test_lost_samples_are_left_out_and_counted(mark):
    recording = read(f"x,y\n{mark},5\n1,2\n3,{mark}\n4,5\n")
    assert positions(recording) == [[1, 2], [4, 5]]
    assert recording.left_out == {"lost": 2}
    assert recording.total == 4
    assert "2 of 4 positions are lost (blank or marked as such) and are left out." in notices(recording)


def test_one_lost_sample_is_singular():
    assert "1 of 2 positions is lost" in notices(read("x,y\n.,.\n1,2\n"))


def test_only_lost_samples_are_no_fixations():
    with pytest.raises(GroundTruthError, match=r"no fixation in the file; rows left out .*: 2"):
        read("x,y\n.,.\n,\n")


def test_exact_zeros_are_reported_and_left_out_on_request():
    table = "x,y\n0,0\n0.0,0\n5,0\n"
    recording = read(table)
    assert positions(recording) == [[0, 0], [0, 0], [5, 0]]
    assert "2 fixations are at exactly (0, 0)" in notices(recording)
    dropped = read(table, drop_zeros=True)
    assert positions(dropped) == [[5, 0]]
    assert dropped.left_out == {"zeros": 2}
    assert "Positions at exactly (0, 0), left out as lost: 2." in notices(dropped)
    assert read("x,y\n0,0\n5,0\n").notices == ()


def test_fixations_outside_are_left_out_and_counted():
    recording = read("x,y\n1,1\n639.9,479.9\n641,3\n")
    assert positions(recording) == [[1, 1], [639, 479]]
    assert recording.left_out == {"outside": 1}
    assert recording.notices == ("1 of 3 fixations lies outside of the picture and is left out.",)
    more = read("x,y\n-1,1\n5,480\n1,2\n3,4\n")
    assert "2 of 4 fixations lie outside of the picture and are left out." in notices(more)


def test_more_than_half_outside_are_refused():
    with pytest.raises(GroundTruthError, match=r"2 of 3 fixations lie outside .* 640 x 480 pixels. If .* on a screen"):
        read("x,y\n1,1\n960,540\n1000,500\n")


def test_the_largest_being_the_width_is_a_hint():
    recording = read("x,y\n1,1\n320,479\n640,3\n")
    assert positions(recording) == [[1, 1], [320, 479]]
    assert "The largest x or y is exactly the picture's width or height" in notices(recording)
    for beyond in ("641,3", "640,0"):
        assert "exactly" not in notices(read(f"x,y\n1,1\n320,479\n640,3\n5,5\n{beyond}\n"))


CENTRED = Screen(1920, 1080)
FITTED = Screen(1920, 1080, Shown.FITTED)
STRETCHED = Screen(1920, 1080, Shown.STRETCHED)
AT = Screen(1920, 1080, Shown.AT, 100, 50)


@pytest.mark.parametrize(
    ("screen", "table", "expected"),
    [
        # The picture's corner is at (640, 300).
        (CENTRED, "960,540\n640,300\n1279,779\n", [[320, 240], [0, 0], [639, 479]]),
        # 1080 / 480 = 2.25 pixels of the screen per pixel; the corner is at (240, 0).
        (FITTED, "960,540\n240,0\n1679,1079\n242.25,2.25\n", [[320, 240], [0, 0], [639, 479], [1, 1]]),
        # 3 and 2.25 pixels of the screen per pixel.
        (STRETCHED, "960,540\n0,0\n1919,1079\n3,2.25\n", [[320, 240], [0, 0], [639, 479], [1, 1]]),
        (AT, "100,50\n739,529\n420,290\n", [[0, 0], [639, 479], [320, 240]]),
    ],
)
def test_positions_on_a_screen(screen, table, expected):
    assert positions(read("x,y\n" + table, screen=screen)) == expected


def test_positions_beside_the_picture_are_outside():
    recording = read("x,y\n639,300\n640,299\n1280,500\n640,300\n641,301\n700,400\n", screen=CENTRED)
    assert positions(recording) == [[0, 0], [1, 1], [60, 100]]
    assert recording.left_out == {"outside": 3}
    with pytest.raises(GroundTruthError, match="shown on the screen in the way that was chosen"):
        read("x,y\n5,5\n", screen=CENTRED)


def test_shares_of_a_screen():
    assert positions(read("x,y\n0.5,0.5\n1,1\n0,0\n", screen=STRETCHED, units=Units.SHARES)) == [
        [320, 240],
        [639, 479],
        [0, 0],
    ]
    # (0.25, 0.75 from below) is (480, 270) on the screen, that is (480 - 240, 270) / 2.25 on the picture.
    below = read("x,y\n0.25,0.75\n", screen=FITTED, units=Units.SHARES_FROM_BELOW)
    assert positions(below) == [[106, 120]]


def test_a_picture_larger_than_its_screen_is_cut():
    assert positions(read("x,y\n0,0\n", screen=Screen(320, 240))) == [[160, 120]]


def test_a_screen_without_a_size_is_refused():
    with pytest.raises(GroundTruthError, match="positive numbers of pixels"):
        read("x,y\n1,2\n", screen=Screen(0, 1080))


def test_where_positions_fall_beside_the_picture():
    shown = _on_picture(np.array([[240, 0], [0, 1080]]), SHAPE, Units.PIXELS, FITTED)
    assert shown.tolist() == [[0, 0], [-240 / 2.25, 480]]


def test_rows_of_the_app_are_held_to_the_same_rules_and_none_is_left_out():
    with pytest.raises(GroundTruthError, match="look like shares"):
        recording([{"x": 0.31, "y": 0.72}], SHAPE)
    with pytest.raises(GroundTruthError, match="1 of 3 fixations lie outside"):
        recording([{"x": 640, "y": 3}, {"x": 1, "y": 1}, {"x": 2, "y": 2}], SHAPE)
    for lost in (float("nan"), 1e8, ".", True):
        with pytest.raises(GroundTruthError, match="two numbers"):
            recording([{"x": lost, "y": 1}, {"x": 1, "y": 1}], SHAPE)
    with pytest.raises(GroundTruthError, match="no fixation"):
        recording([], SHAPE)
