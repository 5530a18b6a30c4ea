"""What the Models tab says of a checkpoint, and that its measurements are measurements."""

from __future__ import annotations

import base64
import json
from io import BytesIO

import matplotlib
import numpy as np
import pytest
from PIL import Image

from saliency import checkpoints
from saliency.checkpoints import Estimate
from saliency.errors import UnknownModelError
from saliency.models.registry import spec
from saliency.predictor import Predictor
from saliency.ui.models.models_tab import (
    PRIOR_CELL,
    captioner_views,
    card_view,
    card_views,
    in_chinese,
    measured,
    prior_view,
)


@pytest.fixture
def predictor(miniatures):
    scores = {"pure": {"CC": Estimate(mean=0.5, low=0.4, high=0.6, n=7)}, "salient": {"NSS": Estimate(**_NSS)}}
    checkpoints.annotate("reader", {"validation": scores}, miniatures)
    return Predictor(checkpoint_dir=miniatures, precision="float32")


_NSS = {"mean": 2.0, "low": 1.5, "high": 2.5, "n": 9}


def test_a_card_says_what_the_checkpoint_says(predictor, miniatures):
    views = {view["name"]: view for view in card_views(predictor)}
    json.dumps(list(views.values()))
    assert {name: view["reads"] for name, view in views.items()} == {
        "reader": "words",
        "padder": "words",
        "blind": "nothing",
    }
    for name, view in views.items():
        assert view["file"] == (miniatures / f"{name}.safetensors").stat().st_size
        assert view["sha256"] == predictor.cards[name].sha256
    assert views["blind"]["scores"] == []
    [scores] = views["reader"]["scores"]
    assert scores["metrics"] == ["CC", "NSS"]
    assert scores["rows"] == [
        {"condition": "pure", "n": 7, "values": [[0.5, 0.4, 0.6], None]},
        {"condition": "salient", "n": 9, "values": [None, [2.0, 1.5, 2.5]]},
    ]


def test_a_learned_prior_is_a_picture_of_the_card():
    """Cells are blended between their centres; the outermost are flat."""
    view = prior_view([[0.5, 1.0], [1.0, 2.0]])
    assert (view["low"], view["high"], view["rows"], view["columns"]) == (0.5, 2.0, 2, 2)
    picture = np.asarray(Image.open(BytesIO(base64.b64decode(view["png"].partition(",")[2]))).convert("RGB"), int)
    assert picture.shape == (2 * PRIOR_CELL, 2 * PRIOR_CELL, 3)
    colours = matplotlib.colormaps["inferno"](np.array([0.0, 1 / 3, 1.0]))[:, :3] * 255
    corners = picture[0, 0], picture[0, -1], picture[-1, -1]
    np.testing.assert_allclose(corners, colours, atol=3)
    even = prior_view([[1.0, 1.0]])
    assert (even["low"], even["high"]) == (1.0, 1.0)


def test_a_measurement_runs_the_model_anew_in_every_round(predictor):
    model = predictor._sessions["reader"].model
    for _ in range(2):  # the second finds nothing remembered by the first
        before = model.encoded
        views = list(measured(predictor, "reader", rounds=2))
        assert model.encoded - before == 3  # one to warm up
        assert [view["done"] for view in views] == [0, 1, 2]
    seconds = views[-1]["seconds"]
    assert 0 < seconds["decoder"] < seconds["total"]
    assert views[-1]["memory"] == 12  # three parameters of float32
    assert views[-1]["machine"]["dtype"] == "float32"
    json.dumps(views)


def test_a_model_that_is_not_here_is_reported(predictor):
    with pytest.raises(UnknownModelError):
        next(measured(predictor, "<b>x</b>"))


def test_the_captioner_is_described_where_there_is_one(predictor, miniatures):
    assert captioner_views(predictor) == []
    [view] = captioner_views(Predictor([]))
    json.dumps(view)
    card = checkpoints.read_card("captioner")
    assert (view["name"], view["reads"], view["sha256"]) == ("captioner", None, card.sha256)
    assert view["captions"]["cider"]["n"] == card.captions.cider.n
    english = set(in_chinese([view]))
    assert {view["summary"], view["licence"], *view["limits"], *view["origin"]} <= english


def test_a_model_of_objects_has_scores_of_masks():
    view = card_view(checkpoints.read_card("sdg_sod"), spec("sdg_sod"))
    json.dumps(view)
    assert view["scores"] == []
    assert view["objects"]["MAE"]["n"] == 500
    assert view["objects"]["MAE"]["low"] < view["objects"]["MAE"]["mean"] < 0.065
