"""The endpoint `score` over the wire."""

from __future__ import annotations

import numpy as np
import pysaliency.metrics
import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from saliency.conditions import Condition
from tests.pictures import COFFEE

MARKS = [[300, 150], [320, 170], [250, 260]]


@pytest.fixture(scope="module")
def client(address, tmp_path_factory):
    return Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


def test_every_model_is_scored_against_a_list_and_a_file(client, shipped, tmp_path):
    (tmp_path / "ann.csv").write_text("x,y\n10,20\n")
    view = client.predict(
        handle_file(COFFEE),
        fixations=MARKS,
        files=[handle_file(tmp_path / "ann.csv")],
        sentence="A red cup.",
        models=["clip_salgan", "transalnet"],
        blur=20,
        api_name="/score",
    )
    assert view["sentence"] == "A red cup."
    assert view["blur"] == {"pixels": 20, "degrees": None}
    assert [(person["participant"], person["fixations"]) for person in view["people"]] == [("", 3), ("ann", 1)]
    assert view["table"]["columns"] == ["model", "NSS", "AUC", "CC", "SIM", "KL"]
    models = ["clip_salgan", "transalnet"]
    comparison = shipped.predict(COFFEE, {Condition.GENERAL: "A red cup."}, models=models)
    xs, ys = zip(*MARKS, (10, 20), strict=True)
    for model, nss, *_ in view["table"]["rows"]:
        density = comparison.get(model, Condition.GENERAL).density.astype(np.float64)
        assert nss == pytest.approx(pysaliency.metrics.NSS(density, xs, ys).mean(), abs=0.01)
    assert [model["name"] for model in view["models"]] == [row[0] for row in view["table"]["rows"]]


def test_models_sentence_and_blur_have_defaults(client, shipped):
    view = client.predict(handle_file(COFFEE), fixations=MARKS, api_name="/score")
    assert len(view["models"]) == sum(spec.task == "gaze" for spec in shipped.specs.values())
    assert view["sentence"] == ""
    assert view["blur"]["pixels"] == 31.98


def test_files_are_read_by_the_options_and_the_list_in_pixels(client, tmp_path):
    (tmp_path / "ann.csv").write_text("x,y\n210,120\n")
    view = client.predict(
        handle_file(COFFEE),
        fixations=[[10, 20]],
        files=[handle_file(tmp_path / "ann.csv")],
        models=["clip_salgan"],
        screen="1000x600",
        shown="at",
        corner="200, 100",
        api_name="/score",
    )
    assert [(f["x"], f["y"], f["participant"]) for f in view["fixations"]] == [(10, 20, ""), (10, 20, "ann")]


def broken_table(folder):
    (folder / "points.csv").write_text("a,b\n1,2\n")
    return [handle_file(folder / "points.csv")]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, "nothing to score yet"),
        ({"fixations": [[600, 0]]}, "1 of 1 fixations lie outside of the picture, which is 600 x 400"),
        ({"fixations": [["<b>", 1]]}, "two numbers"),
        ({"files": broken_table}, "points.csv: None of the table's columns are known as x and y. They are: a, b"),
        ({"files": broken_table, "shown": "fitted"}, "only with the size of the screen"),
        ({"fixations": MARKS, "models": []}, "at least one model"),
        ({"fixations": MARKS, "blur": 1000}, "between 1 and 75 pixels"),
        ({"fixations": MARKS, "sentence": "x" * 5001}, "at most 5,000"),
    ],
)
def test_mistakes_are_refused_with_a_sentence(client, tmp_path, arguments, expected):
    arguments = {name: value(tmp_path) if callable(value) else value for name, value in arguments.items()}
    with pytest.raises(AppError, match=expected) as error:
        client.predict(handle_file(COFFEE), **arguments, api_name="/score")
    assert "Traceback" not in str(error.value)


def test_what_is_no_picture_is_refused(client, tmp_path):
    Image.new("L", (1, 1)).save(tmp_path / "dot.png")
    with pytest.raises(AppError, match="1 x 1"):
        client.predict(handle_file(tmp_path / "dot.png"), fixations=MARKS, api_name="/score")
