"""Classes: their bounds, their end, and many who hand in at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from saliency.errors import ClassError
from saliency.gaze import Fixation
from saliency.ui.class_mode import classroom
from saliency.ui.class_mode.classroom import Classroom, Task, new_token

MARK = Fixation(3, 4, participant="somebody else", round=1, order=1)


class Clock:
    """Seconds that the test counts."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def room(clock) -> Classroom:
    return Classroom(clock)


@pytest.fixture
def task(comparison) -> Task:
    return Task({"picture": {}}, "A cat.", 3, comparison)


def names(room, secret):
    return [fixation.participant for fixation in room.standing(secret).fixations]


def test_a_code_is_six_unambiguous_letters_and_unique(room, task):
    codes = [room.open(task)[0] for _ in range(classroom.MOST_CLASSES)]
    assert len(set(codes)) == len(codes)
    assert all(len(code) == 6 and not set(code) & set("ILOSZ0125") and code.isupper() for code in codes)
    assert room.task(f" {codes[0].lower()} ") is task


def test_marks_are_summed_and_handing_in_again_replaces_ones_own(room, task):
    code, secret = room.open(task)
    ann, ben = new_token(), new_token()
    assert room.standing(secret) == classroom.Standing(0, (), 0)
    assert room.hand_in(code, ann, "Ann", [MARK, MARK]) == 2
    room.hand_in(code, ben, "", [MARK])
    assert names(room, secret) == ["Ann", "Ann", "2"]
    first = room.standing(secret)
    room.hand_in(code, ann, "", [MARK])
    again = room.standing(secret)
    assert (again.participants, again.version) == (2, first.version + 1)
    assert names(room, secret) == ["Ann", "2"]


def test_names_are_one_line_no_formula_and_no_two_the_same(room, task):
    code, secret = room.open(task)
    for name in ("Ann", " Ann ", "=Ann", "\u202eA\nB\x00" + "x" * 100, "5", ""):
        room.hand_in(code, new_token(), name, [MARK])
    assert names(room, secret) == ["Ann", "Ann (2)", "Ann (3)", "A B " + "x" * 36, "5", "6"]


def test_only_the_secret_reads_and_ends_a_class(room, task):
    code, secret = room.open(task)
    _, other = room.open(task)
    room.hand_in(code, new_token(), "Ann", [MARK])
    for wrong in (None, "", code, secret[:-1]):
        with pytest.raises(ClassError, match="has ended"):
            room.standing(wrong)
        room.end(wrong)
    assert room.standing(other).fixations == ()
    room.end(secret)
    for ask in (lambda: room.standing(secret), lambda: room.task_of(secret)):
        with pytest.raises(ClassError, match="its marks are gone"):
            ask()
    with pytest.raises(ClassError, match="no class with this code"):
        room.task(code)
    with pytest.raises(ClassError, match="no class with this code"):
        room.hand_in(code, new_token(), "Ann", [MARK])
    room.end(secret)


@pytest.mark.parametrize("code", ["", "ABC", "ABCDEF" * 100, "<b>ABC", "àéîõüß"])
def test_a_code_of_no_class_is_reported(room, task, code):
    room.open(task)
    with pytest.raises(ClassError, match="no class with this code"):
        room.task(code)


def test_a_class_ends_after_two_hours(room, task, clock):
    code, secret = room.open(task)
    while clock.now < 1000 + 2 * 60 * 60 - 60:
        clock.now += 60
        room.standing(secret)
    assert room.task(code) is task
    clock.now += 60
    with pytest.raises(ClassError):
        room.standing(secret)


def test_a_class_ends_when_its_lecturer_is_away(room, task, clock):
    code, secret = room.open(task)
    clock.now += 299
    room.standing(secret)
    clock.now += 299
    assert room.task(code) is task
    clock.now += 1
    with pytest.raises(ClassError):
        room.task(code)
    for _ in range(classroom.MOST_CLASSES):  # none is left of it
        room.open(task)


def test_there_are_not_too_many_classes_participants_marks_and_rounds(room, task):
    opened = [room.open(task) for _ in range(8)]
    with pytest.raises(ClassError, match="already 8 classes"):
        room.open(task)
    room.end(opened.pop()[1])
    code, secret = room.open(task)
    token = new_token()
    room.hand_in(code, token, "", [MARK] * 50)
    with pytest.raises(ClassError, match="At most 50 marks"):
        room.hand_in(code, token, "", [MARK] * 51)
    with pytest.raises(ClassError, match="10 rounds"):
        room.hand_in(code, token, "", [Fixation(1, 1, round=number) for number in range(1, 12)])
    with pytest.raises(ClassError, match="nothing to hand in"):
        room.hand_in(code, token, "", [])
    for wrong in ("", "x" * 1000):
        with pytest.raises(ClassError, match="reload"):
            room.hand_in(code, wrong, "", [MARK])
    for _ in range(59):
        room.hand_in(code, new_token(), "", [MARK])
    with pytest.raises(ClassError, match="full: 60 people"):
        room.hand_in(code, new_token(), "", [MARK])
    room.hand_in(code, token, "", [MARK])  # who is in it may still correct
    assert room.standing(secret).participants == 60


def test_many_hand_in_at_once_and_nobody_is_lost_or_doubled(room, task):
    code, secret = room.open(task)

    def hand_in(number):
        try:
            token = new_token()
            room.hand_in(code, token, "Ann", [MARK])
            room.hand_in(code, token, "Ann", [MARK, MARK])
        except ClassError:
            return 0
        return 1

    with ThreadPoolExecutor(16) as pool:
        taken = sum(pool.map(hand_in, range(100)))
    standing = room.standing(secret)
    assert (taken, standing.participants, len(standing.fixations)) == (60, 60, 120)
    assert len(set(names(room, secret))) == 60


def test_only_so_many_classes_are_opened_at_once(room, task):
    def attempt(_):
        try:
            return room.open(task)
        except ClassError:
            return None

    with ThreadPoolExecutor(16) as pool:
        opened = [made for made in pool.map(attempt, range(40)) if made]
    assert len(opened) == 8
