"""The test set of two things: which pictures are in it, and where the mass of a map lies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from saliency.data.flickr8k import Caption, Entry, Phrase
from saliency.data.two_things import NamedThing, two_things


def phrase(start: int, end: int, *boxes: tuple[float, float, float, float], kind: str = "other") -> Phrase:
    return Phrase(start, end, np.array(boxes), kind)


def entry(name: str, *phrases: Phrase) -> Entry:
    return Entry(name, Path(f"{name}.jpg"), (Caption("a dog beside a large ball on grass", phrases),))


DOG, BALL = phrase(0, 2, (0.1, 0.2, 0.4, 0.8)), phrase(3, 6, (0.5, 0.3, 0.9, 0.7))


def test_a_pair_is_two_things_with_a_box_each():
    (found,) = two_things([entry("1", DOG, BALL)])
    assert [thing.sentence for thing in found.things] == ["A dog", "A large ball"]
    assert found.things[1].box.tolist() == [0.5, 0.3, 0.9, 0.7]


@pytest.mark.parametrize(
    "other",
    [
        phrase(3, 6, (0.3, 0.3, 0.9, 0.7)),  # overlaps
        phrase(3, 6, (0.5, 0.3, 0.7, 0.7), (0.8, 0.3, 0.9, 0.7)),  # two boxes
        phrase(3, 6, (0.5, 0.3, 0.55, 0.35)),  # too small
        phrase(3, 6, (0.5, 0.3, 0.9, 0.7), kind="scene"),
        phrase(0, 2, (0.5, 0.3, 0.9, 0.7)),  # the same words
    ],
)
def test_what_is_no_pair(other: Phrase):
    assert two_things([entry("1", DOG, other)]) == []


def test_the_same_pictures_in_any_order():
    entries = [entry(str(number), DOG, BALL) for number in range(40)]
    names = [found.id for found in two_things(entries)]
    assert len(names) == 20
    assert [found.id for found in two_things(entries[::-1])] == names


def test_share_of_the_mass():
    thing = NamedThing("A dog", np.array([0.0, 0.0, 0.5, 1.0]))
    map_ = np.zeros((10, 20))
    map_[:, 5:15] = 1
    map_[:, 15] = 2
    assert thing.share(map_) == pytest.approx(50 / 120)
    assert thing.share(np.zeros((10, 20))) == 0
