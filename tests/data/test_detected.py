"""Sentences about what a detector has found say what is there, how many, and on which side."""

import re
from pathlib import Path

import numpy as np
import pytest

from saliency.data.detected import OTHERWISE, detected, plural, sentences_naming
from saliency.errors import DatasetError
from saliency.models.objects import NAMES

CAT = np.array([[0.1, 0.4, 0.3, 0.6]])
DOGS = np.array([[0.0, 0.0, 0.2, 0.2], [0.7, 0.1, 0.8, 0.3], [0.8, 0.5, 1.0, 0.9]])
KINDS = {"cat": CAT, "dog": DOGS}
CAT_WORDS, DOG_WORDS = (
    {word for noun in (name, *OTHERWISE[name]) for word in (noun, plural(noun))} for name in ("cat", "dog")
)


@pytest.fixture(scope="module")
def found():
    return {about.sentence: about for about in sentences_naming(KINDS, 3000, 1)}


def test_the_target_is_every_thing_of_the_kinds_named_on_the_side_that_is_said(found: dict):
    plain = {text.rstrip("."): about for text, about in found.items() if not re.search(r"\b(left|right)\b", text)}
    assert plain["A cat"].boxes.tolist() == CAT.tolist()
    assert plain["There are dogs"].boxes.tolist() == DOGS.tolist()
    assert plain["Three hounds"].boxes.tolist() == DOGS.tolist()
    assert plain["A cat and dogs"].boxes.tolist() == [*CAT.tolist(), *DOGS.tolist()]
    sided = {text.rstrip("."): about for text, about in found.items()}
    assert sided["A dog on the left"].boxes.tolist() == DOGS[:1].tolist()
    assert sided["Two dogs to the right"].boxes.tolist() == DOGS[1:].tolist()
    for text, about in found.items():
        words = set(re.findall(r"\w+", text.lower()))
        middles = about.boxes[:, [0, 2]].mean(axis=1)
        assert bool(words & CAT_WORDS) == (CAT[0, 0] in about.boxes[:, 0])
        assert bool(words & DOG_WORDS) == (len({*about.boxes[:, 0]} & {*DOGS[:, 0]}) > 0)
        if not words & CAT_WORDS and words & {"left", "right"}:
            assert (middles < 0.5).all() if "left" in words else (middles > 0.5).all()


def test_what_something_is_beside_is_less_than_what_the_sentence_is_about(found: dict):
    beside = [about for text, about in found.items() if re.match(r"A (cat|kitten) (next to|near|behind|beside) ", text)]
    equal = [about for text, about in found.items() if re.match(r"A (cat|kitten) (and|with) ", text)]
    assert beside
    assert equal
    for about in (*beside, *equal):
        assert about.boxes[0].tolist() == CAT[0].tolist()
    assert all(about.heights.tolist() == [1] + [0.5] * (len(about.boxes) - 1) for about in beside)
    assert all((about.heights == 1).all() for about in equal)


def test_numbers_and_articles_agree(found: dict):
    for text in found:
        words = re.findall(r"\w+", text.lower())
        if words[:2] in (["there", "is"], ["there", "are"]):
            assert (words[1] == "are") == (words[2] not in ("a", "an")), text
    assert any(text.startswith("A puppy") for text in found)
    [apple] = {about.sentence.rstrip(".") for about in sentences_naming({"apple": CAT}, 40, 0)} & {"An apple"}
    assert apple


@pytest.mark.parametrize(
    ("noun", "expected"),
    [
        ("person", "people"), ("mouse", "mice"), ("knife", "knives"), ("bus", "buses"), ("bench", "benches"),
        ("sheep", "sheep"), ("scissors", "scissors"), ("toothbrush", "toothbrushes"), ("puppy", "puppies"),
        ("toy", "toys"), ("wine glass", "wine glasses"), ("calf", "calves"), ("cow", "cows"),
    ],
)  # fmt: skip
def test_plurals(noun: str, expected: str):
    assert plural(noun) == expected


def test_other_words_are_for_kinds_that_the_detector_knows():
    assert set(OTHERWISE) <= set(NAMES)


def test_mosaics_are_of_all_pictures_with_more_than_people_and_name_what_all_four_show():
    paths = [Path(f"{number}.png") for number in range(11)]
    things = {path: {"cat": CAT, "person": DOGS} for path in paths[:9]} | {paths[9]: {"person": DOGS}, paths[10]: {}}
    *alone, first, second = detected(things, sentences=40, singles=2)
    assert [len(scene.pictures) for scene in alone] == [1, 1]
    used = {picture.image_path for scene in (*alone, first, second) for picture in scene.pictures}
    assert used <= set(paths[:9])
    assert len({picture.image_path for scene in (first, second) for picture in scene.pictures}) == 8
    cats = next(about for about in first.sentences if about.sentence.rstrip(".") in ("Cats", "There are cats"))
    assert cats.boxes.tolist() == [
        [0.05, 0.2, 0.15, 0.3], [0.55, 0.2, 0.65, 0.3], [0.05, 0.7, 0.15, 0.8], [0.55, 0.7, 0.65, 0.8],
    ]  # fmt: skip
    again = detected(things, sentences=40, singles=2)[2]
    assert [about.sentence for about in again.sentences] == [about.sentence for about in first.sentences]


def test_nothing_cannot_be_named():
    with pytest.raises(DatasetError, match="Nothing"):
        sentences_naming({}, 1, 0)
