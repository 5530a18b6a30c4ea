"""Fixations as JSON, scanpaths of COCO among them."""

from __future__ import annotations

import json

import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, Screen, Shown, Units, tables
from tests.gaze.files import notices, positions, read

SCANPATH = {
    "name": "000000000001.jpg",
    "subject": 3,
    "task": "none",
    "condition": "freeview",
    "X": [840, 840.5, 140],
    "Y": [525, 100, 525],
    "T": [200, 300, 150],
    "length": 3,
    "split": "train",
}


@pytest.mark.parametrize(
    "value",
    [
        [{"x": 1, "y": 2}, {"x": 3.5, "y": 4}],
        [{"X": 1, "Y": 2, "bbox": [1, 2]}, {"X": 3, "Y": 4}],
        [[1, 2], [3.9, 4]],
        {"fixations": [{"x": "1", "y": "2"}, {"x": 3, "y": 4}]},
        {"x": [1, 3], "y": [2, 4]},
        [{"x": [1], "y": [2]}, {"x": [3], "y": [4]}],
        {"scanpaths": [{"X": [1, 3], "Y": [2, 4], "T": [100, 200]}]},
    ],
)
def test_structures(value):
    assert positions(read(json.dumps(value, indent=1))) == [[1, 2], [3, 4]]


def test_objects_have_the_columns_of_a_table():
    value = [{"x": 1, "y": 2, "participant": "A", "duration": 200}, {"x": None, "y": 2}, {"y": 4, "x": 3}]
    recording = read(json.dumps(value), units=Units.PIXELS)
    assert recording.fixations == (Fixation(1, 2, "A", 1, 1, None, 200), Fixation(3, 4, "", 1, 2))
    assert recording.left_out == {"lost": 1}


def test_coco_freeview_is_moved_from_its_display():
    # The picture of 640 x 480 is 1400 x 1050 on the display, from 140 on: 2.1875 pixels per pixel.
    recording = read(json.dumps([SCANPATH]))
    assert recording.fixations == (
        Fixation(320, 240, "3", 1, 1, None, 200),
        Fixation(320, 45, "3", 1, 2, None, 300),
        Fixation(0, 240, "3", 1, 3, None, 150),
    )
    assert "1680 x 1050 pixels with the picture fitted in; they were moved to the picture" in notices(recording)


def test_scanpaths_that_fit_the_picture_stay():
    inside = SCANPATH | {"X": [1, 2, 3], "Y": [4, 5, 6]}
    recording = read(json.dumps([inside]))
    assert positions(recording) == [[1, 4], [2, 5], [3, 6]]
    assert recording.notices == ()


def test_a_screen_that_is_given_stands():
    recording = read(json.dumps([SCANPATH]), screen=Screen(1680, 1050, Shown.STRETCHED))
    assert positions(recording)[0] == [320, 240]
    assert positions(recording)[2] == [53, 240]


def test_scanpaths_of_several_pictures_need_a_name():
    other = SCANPATH | {"name": "000000000002.jpg", "X": [840, 840, 840]}
    with pytest.raises(GroundTruthError, match=r"gaze on 2 pictures.*000000000001.jpg, 000000000002.jpg"):
        read(json.dumps([SCANPATH, other]))
    recording = read(json.dumps([SCANPATH, other]), picture="000000000002.png")
    assert positions(recording) == [[320, 240], [320, 45], [320, 240]]
    assert recording.left_out == {"other_picture": 3}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[" * 200_000, "nested too deeply"),
        ('[{"x": 1, "y": 2}', "damaged"),
        ("[]", "no fixation"),
        ('{"x": [], "y": []}', "no fixation"),
        ('{"type": "FeatureCollection"}', "lists of .x, y.,.* are read"),
        ('[{"x": 1, "y": [2]}]', "are read"),
        ('[{"x": [[1]], "y": [2]}]', "are read"),
        ('[[1, 2], {"x": 1, "y": 2}]', "are read"),
        ("[[1, 2, 3]]", "are read"),
        ('[{"x": [1, 2], "y": [2]}]', "different lengths"),
        ('[{"left": 1, "top": 2}]', "They are: left, top"),
        ('[{"x": true, "y": 2}]', "has “True”"),
    ],
)
def test_refused(text, words):
    with pytest.raises(GroundTruthError, match=words):
        read(text)


def test_rows_are_limited(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 2)
    for value in ([[1, 2]] * 3, [{"x": 1, "y": 2}] * 3, {"x": [1] * 3, "y": [2] * 3}):
        with pytest.raises(GroundTruthError, match="3 rows; up to 2"):
            read(json.dumps(value))
