"""The columns of trackers, by the names that their programs write."""

from __future__ import annotations

import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, Units
from saliency.gaze.columns import find_columns
from tests.gaze.files import notices, positions, read


@pytest.mark.parametrize(
    ("names", "x", "y"),
    [
        ("Fixation point X,Fixation point Y", 0, 1),
        ("Fixation point X [DACS px],Fixation point Y [DACS px],Gaze point X [DACS px],Gaze point Y [DACS px]", 0, 1),
        ("Gaze point X,Gaze point Y,Fixation point X [MCS px],Fixation point Y [MCS px]", 2, 3),
        ("FixationPointX (MCSpx),FixationPointY (MCSpx)", 0, 1),
        ("Gaze point X [MCS norm],Gaze point Y [MCS norm],Gaze point X [MCS px],Gaze point Y [MCS px]", 2, 3),
        ("Fixation point X [DACS mm],Fixation point Y [DACS mm],Gaze point X,Gaze point Y", 2, 3),
        ("CURRENT_FIX_Y,CURRENT_FIX_X,NEXT_FIX_X,NEXT_FIX_Y", 1, 0),
        ("FPOGX,FPOGY,BPOGX,BPOGY", 0, 1),
        ("norm_pos_x,norm_pos_y,x,y", 0, 1),
        ("gaze x [px],gaze y [px]", 0, 1),
        ("timestamp,x_px,y_px", 1, 2),
        ("X (pixels);Y (pixels)", 0, 1),
        ("row,col", 1, 0),
        ("FixX,FixY", 0, 1),
    ],
)
def test_positions_by_name(names, x, y):
    columns = find_columns(names.replace(";", ",").split(","))
    assert (columns.numbers["x"], columns.numbers["y"]) == (x, y)


def test_unknown_columns_are_listed():
    with pytest.raises(GroundTruthError, match=r"They are: time, pupil left, pupil right. Please call"):
        find_columns(["time", "pupil left", "", "pupil right"])
    with pytest.raises(GroundTruthError, match=r"c19, \.\.\."):
        find_columns([f"c{number}" for number in range(300)])


def test_positions_in_millimetres_are_refused():
    with pytest.raises(GroundTruthError, match=r"“Fixation point X .DACS mm.” is in mm"):
        read("Fixation point X [DACS mm],Fixation point Y [DACS mm]\n100,50")


def test_tobii():
    recording = read(
        "Participant name\tPresented Stimulus name\tEye movement type\tEye movement type index\t"
        "Gaze event duration [ms]\tFixation point X [MCS px]\tFixation point Y [MCS px]\n"
        "P1\tdog.jpg\tFixation\t1\t200\t100\t50\n"
        "P1\tdog.jpg\tFixation\t1\t200\t100\t50\n"
        "P1\tdog.jpg\tSaccade\t1\t30\t\t\n"
        "P2\tdog.jpg\tFixation\t1\t250\t200\t60\n"
        "P2\tdog.jpg\tEyesNotFound\t1\t90\t\t\n"
    )
    assert recording.fixations == (
        Fixation(100, 50, "P1", 1, 1, None, 200),
        Fixation(200, 60, "P2", 1, 2, None, 250),
    )
    assert recording.left_out == {"not_fixations": 2}
    assert recording.total == 4
    assert recording.columns["x"] == "Fixation point X [MCS px]"
    assert "3 rows were read as 2 fixations, which the column “Eye movement type index” numbers." in notices(recording)
    assert recording.summary() == "2 fixations of 2 people, pixels, 2 left out"


def test_samples_of_gaze_become_the_mean_of_their_fixation():
    recording = read(
        "Gaze point X\tGaze point Y\tEye movement type\tEye movement type index\n"
        "100\t50\tFixation\t1\n104\t54\tFixation\t1\n300\t200\tSaccade\t2\n10\t20\tFixation\t2\n"
    )
    assert positions(recording) == [[102, 52], [10, 20]]


def test_samples_that_are_invalid_for_both_eyes_are_lost():
    names = "Gaze point X,Gaze point Y,Validity left,Validity right\n"
    recording = read(names + "1,2,Valid,Valid\n3,4,Invalid,Invalid\n5,6,Invalid,Valid\n")
    assert positions(recording) == [[1, 2], [5, 6]]
    assert recording.left_out == {"lost": 1}
    assert positions(read(names + "1,2,0,0\n3,4,0,1\n")) == [[1, 2], [3, 4]]


def test_samples_without_numbers_of_fixations_count_each_and_that_is_a_notice():
    recording = read("gaze x [px],gaze y [px]\n1,2\n1,3\n")
    assert positions(recording) == [[1, 2], [1, 3]]
    assert "“gaze x [px]” has samples of gaze and no fixations; each row counts as one." in notices(recording)


def test_sr_research():
    recording = read(
        "RECORDING_SESSION_LABEL,image,CURRENT_FIX_X,CURRENT_FIX_Y,CURRENT_FIX_DURATION,CURRENT_FIX_START\n"
        "s1,a.jpg,312.3,211.1,230,12\ns1,a.jpg,.,.,.,.\ns2,a.jpg,100000000.0,5,2,3\n"
    )
    assert recording.fixations == (Fixation(312, 211, "s1", 1, 1, 12, 230),)
    assert recording.left_out == {"lost": 2}
    assert "2 of 3 positions are lost" in notices(recording)
    assert "“CURRENT_FIX_X” has positions on the screen" in notices(recording)


def test_gazepoint():
    recording = read(
        "FPOGX,FPOGY,FPOGS,FPOGD,FPOGID,FPOGV\n"
        "0.51,0.25,1,0.1,1,1\n0.5,0.25,1,0.2,1,1\n0.6,0.6,1.3,0.1,2,0\n0.6,0.75,1.3,0.3,2,1\n"
    )
    assert recording.fixations == (Fixation(320, 120, duration=200), Fixation(384, 360, order=2, duration=300))
    assert recording.units is Units.SHARES
    assert recording.left_out == {"lost": 1}
    assert "shares of the width and height, y from above" in notices(recording)
    assert "marks as invalid, by the column “FPOGV”: 1." in notices(recording)


def test_pupil():
    recording = read(
        "id,norm_pos_x,norm_pos_y,duration,confidence\n1,0.5,0.25,200,0.9\n2,0.1,1.0,100,0.2\n3,1.2,0.5,90,1\n"
    )
    assert recording.fixations == (Fixation(320, 360, duration=200), Fixation(64, 0, order=2, duration=100))
    assert recording.units is Units.SHARES_FROM_BELOW
    assert recording.left_out == {"outside": 1}
    assert "y from below" in notices(recording)
    assert "confidence below 0.6, which were read: 1." in notices(recording)


def test_pupil_cloud_has_milliseconds_and_nanoseconds():
    recording = read("fixation id,fixation x [px],fixation y [px],duration [ms],onset [ns]\n1,10,20,30,4000000\n")
    assert recording.fixations == (Fixation(10, 20, milliseconds=4, duration=30),)


def test_times_in_seconds_become_milliseconds():
    assert read("x,y,duration (s),onset_s\n1,2,0.25,1.5\n").fixations == (Fixation(1, 2, "", 1, 1, 1500, 250),)


def test_the_first_of_columns_of_one_name_is_read_and_that_is_a_notice():
    recording = read("x,y,x,y\n1,2,3,4\n")
    assert positions(recording) == [[1, 2]]
    assert "Several columns are called “x”; the first of them was read." in notices(recording)


def test_both_eyes_count_once():
    recording = read("eye,x,y\nL,1,2\nR,3,4\nL,5,6\nR,7,8\n")
    assert positions(recording) == [[3, 4], [7, 8]]
    assert recording.left_out == {"other_eye": 2}
    assert "the right one was read, without 2 rows of the left one" in notices(recording)
    assert positions(read("eye,x,y\nL,1,2\nL,5,6\n")) == [[1, 2], [5, 6]]


def test_usual_names_need_no_notice():
    assert read("participant,X,Y\nA,1,2\n").notices == ()
