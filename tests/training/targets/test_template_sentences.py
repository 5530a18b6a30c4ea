"""Sentences about what a detector has found say what is there, how many, and on which side."""

import re
from itertools import chain
from pathlib import Path

import numpy as np
import pytest

from saliency.models.detector import NAMES
from saliency.training.targets.template_sentences import SYNONYMS, plural, template_scenes, template_sentences

CAT = np.array([[0.1, 0.4, 0.3, 0.6]])
DOGS = np.array([[0.0, 0.0, 0.2, 0.2], [0.7, 0.1, 0.8, 0.3], [0.8, 0.5, 1.0, 0.9]])
CAT_WORDS, DOG_WORDS = (
    {word for noun in (name, *SYNONYMS[name]) for word in (noun, plural(noun))} for name in ("cat", "dog")
)
NUMBERS = {"two": 2, "three": 3, "four": 4, "five": 5}


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


@pytest.fixture(scope="module")
def found():
    return {about.sentence: about for about in template_sentences({"cat": CAT, "dog": DOGS}, 3000, 1)}


def test_the_target_is_every_thing_of_the_named_kinds_on_the_named_side(found: dict):
    texts = {text.rstrip("."): about for text, about in found.items()}
    assert texts["A cat"].boxes.tolist() == CAT.tolist()
    assert texts["There are dogs"].boxes.tolist() == DOGS.tolist()
    assert texts["Three hounds"].boxes.tolist() == DOGS.tolist()
    assert texts["A cat and dogs"].boxes.tolist() == [*CAT.tolist(), *DOGS.tolist()]
    assert texts["A dog on the left"].boxes.tolist() == DOGS[:1].tolist()
    assert texts["Two dogs to the right"].boxes.tolist() == DOGS[1:].tolist()
    for text, about in found.items():
        words = set(words_of(text))
        middles = about.boxes[:, [0, 2]].mean(axis=1)
        assert bool(words & CAT_WORDS) == (CAT[0, 0] in about.boxes[:, 0])
        assert bool(words & DOG_WORDS) == (len({*about.boxes[:, 0]} & {*DOGS[:, 0]}) > 0)
        if not words & CAT_WORDS and words & {"left", "right"}:
            assert (middles < 0.5).all() if "left" in words else (middles > 0.5).all()


def test_a_wide_thing_and_one_in_the_middle_are_on_no_side():
    for box in ([0.0, 0.0, 0.5, 1.0], [0.3, 0.0, 0.7, 1.0]):
        sentences = template_sentences({"dog": np.array([box])}, 100, 0)
        assert not any({"left", "right"} & {*words_of(about.sentence)} for about in sentences)


def test_what_something_is_beside_is_less_than_what_the_sentence_is_about(found: dict):
    beside = [about for text, about in found.items() if re.match(r"A (cat|kitten) (next to|near|behind|beside) ", text)]
    equal = [about for text, about in found.items() if re.match(r"A (cat|kitten) (and|with) ", text)]
    assert beside
    assert equal
    for about in (*beside, *equal):
        assert about.boxes[0].tolist() == CAT[0].tolist()
    assert all(about.heights.tolist() == [1] + [0.5] * (len(about.boxes) - 1) for about in beside)
    assert all((about.heights == 1).all() for about in equal)


def test_numbers_articles_and_verbs_agree():
    counted = 0
    for about in template_sentences({"dog": DOGS}, 500, 3):
        words = words_of(about.sentence)
        several = "a" not in words
        assert several == (len(about.boxes) > 1), about.sentence
        for number in NUMBERS.keys() & set(words):
            counted += 1
            assert NUMBERS[number] == len(about.boxes), about.sentence
        for verb in {"is", "are"} & set(words):
            assert (verb == "are") == several, about.sentence
    assert counted > 50
    assert "An apple" in {about.sentence for about in template_sentences({"apple": CAT}, 40, 0)}


@pytest.mark.parametrize(("noun", "verb"), [("scissors", "are"), ("skis", "are"), ("broccoli", "is")])
@pytest.mark.parametrize("boxes", [CAT, DOGS])
def test_what_cannot_be_counted_is_not(noun: str, verb: str, boxes: np.ndarray):
    for about in template_sentences({noun: boxes}, 100, 0):
        words = words_of(about.sentence)
        assert noun in words
        assert not {"a", "many", "several", *NUMBERS} & set(words)
        assert {"is", "are"} & set(words) <= {verb}


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


def test_synonyms_are_for_kinds_that_the_detector_knows_and_for_one_only():
    assert set(SYNONYMS) <= set(NAMES)
    others = list(chain.from_iterable(SYNONYMS.values()))
    assert len(set(others)) == len(others)
    assert not set(others) & set(NAMES)


def test_mosaics_are_of_all_pictures_with_more_than_people_and_name_what_all_four_show():
    paths = [Path(f"{number}.png") for number in range(11)]
    own = {path: np.array([[0.0, 0.0, 0.02 * number + 0.1, 0.5]]) for number, path in enumerate(paths)}
    things = {path: {"cat": own[path], "person": DOGS} for path in paths[:9]}
    things |= {paths[9]: {"person": DOGS}, paths[10]: {}}
    *alone, first, second = scenes = template_scenes(things, sentences=40, singles=2)
    assert [len(scene.pictures) for scene in alone] == [1, 1]
    assert all(len(scene.sentences) == 40 for scene in scenes)
    used = [[picture.file.path for picture in scene.pictures] for scene in scenes]
    assert {path for four in used for path in four} <= set(paths[:9])
    assert len({*used[-2], *used[-1]}) == 8
    cats = next(about for about in first.sentences if about.sentence.rstrip(".") in ("Cats", "There are cats"))
    corners = [(0, 0), (0.5, 0), (0, 0.5), (0.5, 0.5)]
    expected = [[x, y, x + own[path][0, 2] / 2, y + 0.25] for path, (x, y) in zip(used[-2], corners, strict=True)]
    np.testing.assert_allclose(cats.boxes, expected)
    assert second.sentences != first.sentences
    again = template_scenes(things, sentences=40, singles=2)[2]
    assert [about.sentence for about in again.sentences] == [about.sentence for about in first.sentences]
