"""EyeLink's ASC files."""

from __future__ import annotations

import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, Screen
from tests.gaze.files import notices, positions, read

HEAD = """** CONVERTED FROM x.edf using edfapi 4.2
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** EYELINK II CL v5.12
**
MSG\t100 DISPLAY_COORDS 0 0 {right} {bottom}
"""

TRIALS = """MSG\t1000 TRIALID 1
START\t1000 \tRIGHT\tSAMPLES\tEVENTS
MSG\t1001 !V IMGLOAD CENTER images/dog.jpg 960 540
SFIX R   1010
1010\t  900.0\t  500.0\t  900.0\t...
EFIX R   1010\t1210\t200\t  960.5\t  540.2\t   1100
SSACC R  1211
ESACC R  1211\t1250\t40\t  960.5\t  540.2\t  700.0\t  400.0\t   5.00\t    200
EFIX R   1251\t1500\t250\t  700.0\t  400.0\t   1100
EBLINK R 1501\t1600\t100
END\t1700 \tSAMPLES\tEVENTS\tRES\t  30.0\t  30.0
MSG\t2000 TRIALID 2
START\t2000 \tRIGHT\tSAMPLES\tEVENTS
EFIX R   2010\t2110\t100\t  800.0\t  500.0\t   1100
MSG\t2111 !V TRIAL_VAR image cat.jpg
END\t2200 \tSAMPLES\tEVENTS\tRES\t  30.0\t  30.0
"""

SCREEN = Screen(1920, 1080)
ASC = HEAD.format(right=1919, bottom=1079) + TRIALS


def test_fixations_with_their_times_are_those_of_the_named_picture():
    recording = read(ASC, screen=SCREEN, picture="dog")
    # The picture's corner is at (640, 300) of the screen.
    assert recording.fixations == (
        Fixation(320, 240, "", 1, 1, 10, 200),
        Fixation(60, 100, "", 1, 2, 251, 250),
    )
    assert recording.left_out == {"other_picture": 1}
    assert positions(read(ASC, screen=SCREEN, picture="cat.png")) == [[160, 200]]
    with pytest.raises(GroundTruthError, match=r"gaze on 2 pictures.*: images/dog.jpg, cat.jpg"):
        read(ASC, screen=SCREEN)


def test_a_screen_of_another_size_than_the_picture_is_asked_for():
    with pytest.raises(GroundTruthError, match=r"screen of 1920 x 1080 pixels, and the picture is 640 x 480"):
        read(ASC, picture="dog")
    same = HEAD.format(right=639, bottom=479) + "EFIX R 10 210 200 320.9 240.1 1100\n"
    assert read(same).fixations == (Fixation(320, 240, duration=200),)


def test_trials_without_pictures_are_distinguished_by_their_names():
    text = "MSG 1 TRIALID a\nEFIX R 10 210 200 1.0 2.0 9\nMSG 300 TRIALID b\nEFIX R 310 410 100 3.0 4.0 9\n"
    with pytest.raises(GroundTruthError, match=r"gaze on 2 pictures.*: a, b"):
        read(text)
    assert positions(read(text, picture="b")) == [[3, 4]]


def test_both_eyes_count_once_and_lost_positions_are_left_out():
    text = "EFIX L 10 210 200 1.0 2.0 9\nEFIX R 10 210 200 3.0 4.0 9\nEFIX R 310 410 100 . . 0\n"
    recording = read(text)
    assert positions(recording) == [[3, 4]]
    assert recording.left_out == {"other_eye": 1, "lost": 1}
    assert "Both eyes were recorded; the right one was read" in notices(recording)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (HEAD.format(right=639, bottom=479) + "SFIX R 10\nESACC R 1 2 3 1 2 3 4 5 6\n", "no fixation events"),
        ("EFIX R 10 210 200\n", "without a position"),
    ],
)
def test_refused(text, words):
    with pytest.raises(GroundTruthError, match=words):
        read(text)


@pytest.mark.filterwarnings("ignore::UserWarning")  # pymovements misses the calibration, which is not made here
def test_times_are_those_of_pymovements(tmp_path):
    gaze = pytest.importorskip("pymovements.gaze")
    path = tmp_path / "x.asc"
    path.write_text(HEAD.format(right=1919, bottom=1079) + "MSG 101 RECCFG CR 1000 2 1 R\n" + TRIALS, encoding="utf-8")
    events = gaze.from_asc(path, events=True, encoding="utf-8").events.frame
    theirs = [row["onset"] for row in events.iter_rows(named=True) if row["name"].startswith("fixation")]
    ours = [1000 + fixation.milliseconds for fixation in read(ASC, screen=SCREEN, picture="dog").fixations]
    assert theirs == [*ours, 2010]
