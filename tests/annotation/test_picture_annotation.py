"""What events make of a choice, and which segments are whose."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saliency.annotation import PictureAnnotation, annotations_of
from saliency.annotation.segmentation import nearest
from tests.annotation.made_annotations import QUARTERS, event, quarters


def after(*actions) -> PictureAnnotation:
    """The annotation of Ann after actions, each a segment that is toggled, a word, or a guess as a tuple."""
    events = []
    for number, action in enumerate(actions):
        if isinstance(action, int):
            events.append(event(number, "toggle", action))
        elif isinstance(action, tuple):
            events.append(event(number, "guess", *action, source="captions"))
        else:
            events.append(event(number, action))
    return annotations_of(events, quarters()).get("Ann", PictureAnnotation())


@pytest.mark.parametrize(
    ("actions", "chosen"),
    [
        ((0, 2), {0, 2}),
        ((0, 2, 0), {2}),
        ((0, 2, "undo"), {0}),
        ((0, 2, "undo", "undo", "redo"), {0}),
        ((0, 2, "undo", "redo", "redo"), {0, 2}),
        ((0, 2, "undo", 3, "redo"), {0, 3}),
        (("undo", "redo", 1), {1}),
        ((1, (0, 2)), {0, 2}),
        ((1, (0, 2), "undo"), {1}),
        ((1, (0, 2), 0), {2}),
        ((1, "done", 2), {1, 2}),
    ],
)
def test_a_choice_is_what_its_events_make(actions, chosen):
    assert after(*actions).chosen == chosen


@given(st.lists(st.integers(0, 3), max_size=12), st.data())
def test_as_many_redos_as_undos_change_nothing(toggled, data):
    times = data.draw(st.integers(0, len(toggled)))
    taken_back = after(*toggled, *["undo"] * times)
    assert taken_back.chosen == after(*toggled[: len(toggled) - times]).chosen
    assert after(*toggled, *["undo"] * times, *["redo"] * times).chosen == after(*toggled).chosen


def test_a_guess_alone_is_no_persons_answer():
    assert not after((0, 2)).counts
    assert not after(0, 0).counts
    assert after((0, 2), "done").counts
    assert after((0, 2), 0).counts
    assert after("done").counts, "finished without a salient object"


def test_the_audit_has_its_numbers():
    made = after((0, 2), 0, 1, "undo", "done")
    assert (made.guess, made.guess_source) == ({0, 2}, "captions")
    assert (made.events, made.by_hand, made.undone, made.done) == (5, 2, 1, True)


def test_annotators_and_segmentations_are_told_apart():
    events = [
        event(1, "toggle", 0),
        event(2, "toggle", 1, annotator="Bob"),
        event(3, "undo", annotator="Bob"),
        event(4, "toggle", 2, segmentation="of another time"),
        event(5, "toggle", 4),  # there are four segments
    ]
    made = annotations_of(events, quarters())
    assert {name: each.chosen for name, each in made.items()} == {"Ann": {0}, "Bob": frozenset()}


def test_segments_have_areas_masks_and_a_key():
    segmentation = quarters()
    assert segmentation.areas.tolist() == [32, 32, 32, 31]
    assert segmentation.shares[0] == 0.25
    assert np.array_equal(segmentation.mask({1, 3}), (QUARTERS == 1) | (QUARTERS == 3))
    assert not segmentation.mask(()).any()
    other = QUARTERS.copy()
    other[0, 0] = 1
    assert type(segmentation)(other, segmentation.segments, "slic").key != segmentation.key


def test_labels_are_resized_without_new_ones():
    assert np.array_equal(nearest(np.array([[0, 1], [2, 3]]), (4, 6)), np.kron([[0, 1], [2, 3]], np.ones((2, 3))))
    assert np.array_equal(quarters().reduced(4), [[0, 0, 1, 1], [2, 2, 3, 3]])
    assert np.array_equal(quarters().reduced(100), QUARTERS)
