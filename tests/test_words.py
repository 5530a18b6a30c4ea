"""Words: hygiene, token maps merged into word maps, and what leaving a word out changes."""

import numpy as np
import pytest

from saliency.cleaning import clean
from saliency.errors import TextError
from saliency.models.text import Word
from saliency.predictor import Predictor
from saliency.word_maps import merge
from saliency.words import influence

from .tiny import GRID, LIMIT, place


@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        ("  a \n\n dog\t", "a dog"),
        ("a\x00dog\x7f", "adog"),
        ("caf\u00e9 \ud83d s\u00fcd", "caf\u00e9 s\u00fcd"),
        ("\u72d7\u3000\u732b", "\u72d7 \u732b"),
        ("\n", ""),
    ],
)
def test_clean(sentence, expected):
    assert clean(sentence) == expected
    assert clean(clean(sentence)) == expected


@pytest.mark.parametrize("sentence", ["a" * 5_001, None, b"dog"])
def test_what_is_no_sentence(sentence):
    with pytest.raises(TextError):
        clean(sentence)


def test_tokens_merge_into_words():
    maps = np.zeros((5, 2, 2), np.float32)
    maps[1, 0, 0], maps[2, 0, 1], maps[3, 1, 1] = 0.5, 0.75, 1
    maps[0] = maps[4] = 9  # special tokens: must not show
    weights = np.array([9, 0.25, 0.5, 0.25, 9], np.float32)
    words = [Word("elephant", 0, 8, (1, 2)), Word("dog", 9, 12, (3,)), Word("unread", 13, 19, ())]
    elephant, dog, unread = merge(words, maps, weights, (20, 30))
    assert elephant.working_map.tolist() == [[0.5, 0.75], [0, 0]]
    assert (elephant.weight, dog.weight, unread.weight) == (0.75, 0.25, 0)
    assert dog.working_map.tolist() == [[0, 0], [0, 1]]
    assert (dog.read, unread.read, unread.map) == (True, False, None)
    assert dog.map.shape == (20, 30)


@pytest.fixture
def predictor(miniatures):
    return Predictor(checkpoint_dir=miniatures, precision="float32")


def test_influence_of_each_word(predictor):
    picture = np.full((48, 48, 3), 60, np.uint8)
    influences = influence(predictor, picture, "dog and tree", "reader")
    assert [item.word for item in influences] == ["dog", "and", "tree"]
    assert [(item.start, item.end) for item in influences] == [(0, 3), (4, 7), (8, 12)]
    for item in influences:
        assert item.change.sum() == pytest.approx(0, abs=1e-6)
        assert np.argwhere(item.change > 1e-6).tolist() == [list(divmod(place(item.word), GRID))]
        # The spot lifts one cell: all the gaze that it gains is taken from the rest.
        assert item.strength == pytest.approx(item.change.max(), rel=1e-4)
        assert item.map.shape == (48, 48)
        assert item.map.max() == 1


def test_influence_decodes_one_batch_and_encodes_one_picture(predictor):
    influence(predictor, np.zeros((48, 48, 3), np.uint8), "dog and tree", "reader")
    model = predictor._sessions["reader"].model
    assert model.encoded == 1
    assert model.decoded == [4]


def test_words_mean_nothing_to_a_text_blind_model(predictor):
    influences = influence(predictor, np.zeros((48, 48, 3), np.uint8), "dog and tree", "blind")
    assert [item.strength for item in influences] == [0, 0, 0]
    assert not any(item.read for item in influences)
    assert not influences[0].map.any()


def test_words_beyond_the_limit_change_nothing_and_cost_nothing(predictor):
    words = [f"word{number}" for number in range(LIMIT + 30)]
    picture = np.full((48, 48, 3), 60, np.uint8)
    influences = influence(predictor, picture, " ".join(words), "reader")
    assert [item.word for item in influences] == words
    assert [item.read for item in influences] == [True] * LIMIT + [False] * 30
    assert all(item.strength > 0 for item in influences[:LIMIT])
    assert not any(item.change.any() for item in influences[LIMIT:])
    assert sum(predictor._sessions["reader"].model.decoded) == 1 + LIMIT
    # The next word does not take the place of the one left out.
    within = influence(predictor, picture, " ".join(words[:LIMIT]), "reader")
    for item, expected in zip(influences, within, strict=False):
        assert item.change == pytest.approx(expected.change)


def test_an_empty_sentence_has_no_words(predictor):
    assert influence(predictor, np.zeros((48, 48, 3), np.uint8), "  ", "reader") == ()
