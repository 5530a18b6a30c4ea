"""The JSON of a caption: what travels of each word, against the attention itself; and the endpoint `caption`."""

from __future__ import annotations

import base64
import json
from io import BytesIO

import numpy as np
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from saliency import checkpoints
from saliency.imaging import open_picture
from saliency.models.registry import network
from saliency.results import Caption, CheckpointIdentity
from saliency.ui.words.word_presentation import WORD_SIDE, present_caption
from tests.pictures import COFFEE

ENDPOINT = "/caption"


def opened(sent) -> np.ndarray:
    grey = np.asarray(Image.open(BytesIO(base64.b64decode(sent["png"].split(",")[1]))))
    return sent["low"] + (sent["high"] - sent["low"]) * grey / 255


def test_each_word_has_its_attention_in_multiples_of_the_average():
    attention = np.zeros((2, 4, 4), np.float32)
    attention[0, 0, 3] = 1
    attention[1] = 1 / 16
    identity = CheckpointIdentity("mine", "0" * 64, "captioner", "compact")
    caption = Caption("Dogs run.", ((0, 4), (5, 8)), attention, -2.5, (400, 400), identity)
    view = present_caption(caption, open_picture(np.full((400, 400, 3), 60, np.uint8)), seconds=0.25)
    json.dumps(view, allow_nan=False)
    assert view["model"] == {"name": "mine", "title": network("captioner").title}
    assert (view["sentence"], view["log_probability"]) == ("Dogs run.", -2.5)
    assert [(word["word"], word["start"], word["end"]) for word in view["words"]] == [("Dogs", 0, 4), ("run", 5, 8)]
    dogs, run = (opened(word["attention"]) for word in view["words"])
    assert dogs.shape == run.shape == (WORD_SIDE, WORD_SIDE)
    assert dogs.mean() == pytest.approx(1, rel=0.01)
    assert np.unravel_index(dogs.argmax(), dogs.shape)[0] < WORD_SIDE / 4
    assert view["words"][0]["attention"]["where"]["place"] == (0, 2)
    np.testing.assert_allclose(run, 1, rtol=1e-5)
    assert view["notices"] == ["The picture is one single colour; a map of it says nothing about it."]
    assert view["provenance"]["weights"][0]["sha256"] == "0" * 64


@pytest.fixture(scope="module")
def client(address, tmp_path_factory):
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_the_endpoint_says_what_the_predictor_says(client, shipped):
    view = client.predict(handle_file(COFFEE), api_name=ENDPOINT)
    caption = shipped.caption(COFFEE)
    assert view["sentence"] == caption.sentence
    assert view["log_probability"] == pytest.approx(caption.log_probability, abs=1e-3)
    assert [(word["start"], word["end"]) for word in view["words"]] == list(caption.spans)
    for word, map_ in zip(view["words"], caption.words, strict=True):
        assert word["word"] == map_.word
        sent = np.asarray(
            Image.fromarray(opened(word["attention"])).resize(map_.working_map.shape[::-1], Image.Resampling.BOX)
        )
        assert np.corrcoef(sent.ravel(), map_.working_map.ravel())[0, 1] > 0.9
    assert view["provenance"]["weights"][0]["sha256"] == checkpoints.read_card("captioner").sha256


def test_the_endpoint_is_documented(client):
    described = client.view_api(return_format="dict")["named_endpoints"][ENDPOINT]
    assert [parameter["parameter_name"] for parameter in described["parameters"]] == ["picture"]
    [returned] = described["returns"]
    assert "no prediction of gaze" in returned["python_type"]["description"]


def test_without_a_picture_the_reason_is_said(client):
    with pytest.raises(AppError, match="No picture"):
        client.predict(None, api_name=ENDPOINT)
