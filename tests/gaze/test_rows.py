"""Which rows of a table are fixations of the picture, and what a recording says of itself."""

from __future__ import annotations

import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, Recording, Units
from tests.gaze.files import notices, positions, read

TWO = "image,x,y\nstimuli/dog.JPG,1,2\ncat.jpg,3,4\nstimuli/dog.JPG,5,6\n"


@pytest.mark.parametrize("column", ["image", "Stimulus", "file_name", "Presented Stimulus name", "Media name", "IMAGE"])
def test_a_table_of_several_pictures_needs_the_name_of_one(column):
    table = TWO.replace("image", column)
    with pytest.raises(
        GroundTruthError, match=rf"gaze on 2 pictures, by its column “{column}”.*: stimuli/dog.JPG, cat"
    ):
        read(table)
    recording = read(table, picture="cat.png")
    assert positions(recording) == [[3, 4]]
    assert recording.left_out == {"other_picture": 2}
    assert recording.total == 3
    assert "Rows of other pictures than “cat.png” that were not read: 2." in notices(recording)


@pytest.mark.parametrize("name", ["dog.JPG", "dog", "DOG.png", "stimuli/dog.JPG", "elsewhere\\dog.jpeg"])
def test_a_picture_is_named_with_and_without_folder_and_extension(name):
    assert positions(read(TWO, picture=name)) == [[1, 2], [5, 6]]


def test_a_picture_that_is_none_of_several_is_refused():
    with pytest.raises(
        GroundTruthError, match=r"no gaze on the picture “bird.jpg”.* it is of stimuli/dog.JPG, cat.jpg"
    ):
        read(TWO, picture="bird.jpg")


def test_the_only_picture_of_a_table_is_read_whatever_the_upload_is_called():
    table = "image,x,y\ndog.jpg,1,2\ndog.jpg,3,4\n"
    assert read(table).notices == ()
    assert read(table, picture="dog.png").notices == ()
    recording = read(table, picture="tmp1234.png")
    assert positions(recording) == [[1, 2], [3, 4]]
    assert "The file names its picture “dog.jpg”." in notices(recording)


def test_rows_between_pictures_are_of_none():
    recording = read("stimulus,x,y\ndog.jpg,1,2\n,3,4\n")
    assert positions(recording) == [[1, 2]]
    assert "name no picture in the column “stimulus”, which were not read: 1." in notices(recording)


def test_names_with_points_and_long_endings_stay_whole():
    table = "image,x,y\nscene 1.2 left,1,2\nscene 1.3 left,3,4\n"
    assert positions(read(table, picture="scene 1.3 left")) == [[3, 4]]


def test_events_other_than_fixations_are_left_out():
    recording = read("event,x,y\nfixation,1,2\nsaccade,3,4\nblink,5,6\nFIX,7,8\n")
    assert positions(recording) == [[1, 2], [7, 8]]
    assert recording.left_out == {"not_fixations": 2}
    assert "Rows that are no fixations, by the column “event”: 2." in notices(recording)


def test_a_column_of_kinds_without_fixations_says_nothing():
    assert positions(read("type,x,y\nface,1,2\ntext,3,4\n")) == [[1, 2], [3, 4]]


def test_a_trackers_export_without_any_fixation_has_none():
    with pytest.raises(GroundTruthError, match="no fixation"):
        read("Eye movement type,Gaze point X,Gaze point Y\nSaccade,1,2\n")


def test_rows_that_are_marked_invalid_are_lost():
    recording = read("valid,x,y\n1,1,2\n0,3,4\nTRUE,5,6\nfalse,7,8\n")
    assert positions(recording) == [[1, 2], [5, 6]]
    assert recording.left_out == {"lost": 2}


def test_numbered_fixations_of_one_row_each_are_not_merged():
    table = "participant,fixation_id,x,y\nA,1,1,2\nB,1,3,4\nB,2,5,6\nA,2,7,8\n"
    recording = read(table)
    assert positions(recording) == [[1, 2], [3, 4], [5, 6], [7, 8]]
    assert recording.notices == ()


def test_a_fixation_all_of_whose_rows_are_lost_is_lost():
    recording = read("fixation_id,x,y\n1,1,2\n1,3,4\n2,.,.\n2,.,.\n")
    assert positions(recording) == [[3, 4]]
    assert recording.left_out == {"lost": 1}
    assert recording.total == 2


def test_rows_without_a_number_are_not_merged():
    assert positions(read("fixation_id,x,y\n,1,2\n,3,4\n1,5,6\n1,7,8\n")) == [[1, 2], [3, 4], [7, 8]]


ONE = Fixation(1, 2)


@pytest.mark.parametrize(
    ("fixations", "left_out", "units", "summary"),
    [
        ([ONE], {}, Units.PIXELS, "1 fixation of 1 person, pixels"),
        ([ONE, Fixation(1, 2, "B")], {}, Units.SHARES, "2 fixations of 2 people, shares from above"),
        ([ONE] * 1200, {"lost": 1, "outside": 2}, Units.PIXELS, "1,200 fixations of 1 person, pixels, 3 left out"),
        ([ONE], {"zeros": 1}, Units.SHARES_FROM_BELOW, "1 fixation of 1 person, shares from below, 1 left out"),
    ],
)
def test_summary(fixations, left_out, units, summary):
    assert Recording(tuple(fixations), (30, 40), units, left_out=left_out).summary() == summary
