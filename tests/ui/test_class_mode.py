"""Class mode's handlers: what each side receives, and what it does not."""

from __future__ import annotations

import json
from dataclasses import replace

import gradio as gr
import pytest

from saliency.errors import ClassError, GroundTruthError
from saliency.gaze import Fixation
from saliency.ui.class_mode import class_mode
from saliency.ui.class_mode.class_mode import invitation, present_class, read_marks
from saliency.ui.class_mode.classroom import Classroom, Standing, Task, new_token
from saliency.ui.gaze.gaze_presentation import present_scores

PICTURE = {"jpeg": "data:,", "width": 640, "height": 480, "key": "k"}
MARKS = (Fixation(320, 100, "Ann"), Fixation(10, 470, "Ann", order=2), Fixation(320, 101, "2"))


@pytest.fixture
def task(comparison) -> Task:
    general = tuple(p for p in comparison.predictions if p.condition.value == "general")
    return Task(PICTURE, "A cat on a mat.", 3, replace(comparison, predictions=general))


@pytest.fixture
def visit(task):
    """The handlers of a participant's page by their event, and the class they are about."""
    room = Classroom()
    with gr.Blocks() as demo:
        class_mode.build_visit(room)
    assert all(fn.api_visibility == "private" for fn in demo.fns.values())
    handlers = {event: fn.fn for fn in demo.fns.values() for _, event in fn.targets}
    return handlers, room, *room.open(task)


def test_who_joins_gets_the_picture_and_a_place_and_nothing_of_the_others(visit):
    handlers, room, code, secret = visit
    room.hand_in(code, new_token(), "Ann", MARKS)
    answers = [*handlers["join"]({"code": code.lower(), "token": ""})]
    token = answers[0]["joined"]
    assert answers[1]["picture"] == PICTURE | {"key": f"class-{code}"}
    assert (answers[1]["sentence"], answers[1]["seconds"]) == ("A cat on a mat.", 3)
    sent = {"fixations": [{"x": 1, "y": 2, "participant": "Ann", "round": 1, "order": 1}], "name": "Ann"}
    answers.append(handlers["score"]({"code": code, "token": token}, sent))
    assert answers[-1] == {"handed_in": 1}
    assert all(word not in json.dumps(answers) for word in ("Ann", secret))
    assert room.standing(secret).fixations[-1] == Fixation(1, 2, "Ann (2)", 1, 1)
    assert handlers["join"]({"code": code, "token": token})[0] == {"joined": token}  # after a reload


@pytest.mark.parametrize("sent", [None, 7, [], {}, {"code": 5, "token": []}, {"code": "ABCDEF", "token": "x"}])
def test_what_is_no_class_or_no_mark_is_refused_with_a_sentence(visit, sent):
    handlers, room, code, secret = visit
    assert "no class with this code" in handlers["join"](sent)[0]["refused"]
    assert "no class with this code" in handlers["score"](sent, {"fixations": [[1, 2]]})["refused"]
    place = {"code": code, "token": new_token()}
    assert handlers["score"](place, sent)["refused"]
    assert "outside of the picture" in handlers["score"](place, {"fixations": [[1, 2], [9999, 2]]})["refused"]
    assert room.standing(secret).participants == 0


def test_more_marks_than_are_taken_are_not_even_read(task):
    assert read_marks({"fixations": [[1, 2]]}, task) == (Fixation(1, 2),)
    with pytest.raises(ClassError, match="At most 50 marks"):
        read_marks({"fixations": ["no mark"] * 501}, task)
    with pytest.raises(GroundTruthError):
        read_marks({"fixations": ["no mark"]}, task)


def test_scores_of_a_class_are_those_of_its_marks(task):
    view = present_class(task, Standing(2, MARKS, 1), whole=True)
    assert view == present_scores(task.comparison, MARKS)
    assert [person["fixations"] for person in view["people"]] == [2, 1]


def test_after_the_first_time_no_picture_and_no_map_of_a_model_is_sent(task):
    whole = present_class(task, Standing(2, MARKS, 1), whole=True)
    later = present_class(task, Standing(2, MARKS, 1), whole=False)
    assert later["picture"] is None
    assert [set(model) for model in later["models"]] == [{"name", "title", "where"}] * 2
    assert {name: later[name] for name in ("table", "gaze", "fixations")} == {
        name: whole[name] for name in ("table", "gaze", "fixations")
    }


def test_marks_on_a_larger_picture_than_its_maps_lie_where_they_were_made(task):
    large = replace(task, picture=PICTURE | {"width": 1280, "height": 960})
    doubled = tuple(replace(mark, x=2 * mark.x, y=2 * mark.y) for mark in MARKS)
    view = present_class(large, Standing(2, doubled, 1), whole=True)
    assert view["fixations"] == present_class(task, Standing(2, MARKS, 1), whole=True)["fixations"]
    assert view["blur"]["pixels"] == pytest.approx(63.97, abs=0.01)  # of SJTU-TIS, 31.98 at half the size


def test_an_address_is_shown_as_a_code_and_nothing_else_is():
    shown = invitation("https://example.org/app/", "ABCDEF")
    assert shown["url"] == "https://example.org/app/#class=ABCDEF"
    assert shown["qr"].startswith("data:image/svg+xml")
    for wrong in ("javascript:alert(1)", "", "https://" + "x" * 300):
        with pytest.raises(ClassError, match="address of this page"):
            invitation(wrong, "ABCDEF")
