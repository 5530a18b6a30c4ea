"""Results: the promises about densities and maps, immutability, and what the files hold."""

import base64
import copy
import csv
import io
import json
import pickle
from dataclasses import FrozenInstanceError, replace
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional as F

from saliency.conditions import Condition
from saliency.errors import UnknownModelError
from saliency.messages import Message
from saliency.results import CheckpointIdentity, Comparison, Prediction, WordMap, resized

SHAPE = (30, 40)
IDENTITY = CheckpointIdentity("tiny", "0" * 64, "tiny", "compact")


def predict(values: np.ndarray, condition: Condition = Condition.PURE, model: str = "tiny", **fields) -> Prediction:
    fields = {"title": "Tiny", "sentence": "", "shape": SHAPE, "checkpoint": IDENTITY} | fields
    return Prediction(model=model, condition=condition, working_map=values.astype(np.float32), **fields)


def noise(seed: int = 0, shape: tuple[int, int] = (9, 12)) -> np.ndarray:
    return np.random.default_rng(seed).random(shape)


def two_models() -> Comparison:
    words = (
        WordMap("red", 2, 5, 0.75, True, noise(9).astype(np.float32), SHAPE),
        WordMap("dog", 6, 9, 0.25, False, None, SHAPE),
    )
    return Comparison(
        picture=np.random.default_rng(1).integers(0, 256, (*SHAPE, 3), dtype=np.uint8),
        predictions=(
            predict(noise(0)),
            predict(noise(1), Condition.SALIENT, sentence='a red dog, "Rex"', words=words, timings={"decoder": 0.5}),
            predict(noise(2), model="other", title="Other"),
            predict(noise(3), Condition.SALIENT, model="other", title="Other"),
        ),
        timings={"total": 1.5},
    )


@pytest.fixture
def comparison() -> Comparison:
    return two_models()


def test_density_sums_to_one():
    density = predict(noise()).density
    assert density.dtype == np.float32
    assert density.shape == SHAPE
    assert density.sum(dtype=np.float64) == pytest.approx(1, abs=1e-6)


def test_a_map_of_zeros_is_the_uniform_density():
    prediction = predict(np.zeros((9, 12)))
    assert np.allclose(prediction.density, 1 / 1200)
    assert not prediction.map.any()


def test_map_spans_zero_to_one_and_orders_as_the_density():
    prediction = predict(noise() + 3)
    assert (prediction.map.min(), prediction.map.max()) == (0, 1)
    order = np.argsort(prediction.density, axis=None)
    assert all(a <= b for a, b in pairwise(prediction.map.ravel()[order]))


@pytest.mark.parametrize("shape", [(30, 40), (9, 12), (5, 7), (101, 13)])
def test_resized_as_torch_does(shape):
    values = noise().astype(np.float32)
    expected = F.interpolate(torch.from_numpy(values)[None, None], shape, mode="bilinear", align_corners=False)[0, 0]
    np.testing.assert_allclose(resized(values, shape), expected, atol=1e-5)


def test_results_do_not_change(comparison):
    prediction = comparison.predictions[0]
    with pytest.raises(FrozenInstanceError):
        prediction.sentence = "other"
    with pytest.raises(ValueError, match="read-only"):
        prediction.working_map[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        comparison.picture[0] = 1
    prediction.density[:] = 0  # the caller's own
    assert prediction.density.any()


def test_results_travel(comparison):
    for twin in (copy.deepcopy(comparison), pickle.loads(pickle.dumps(comparison))):
        assert np.array_equal(twin.predictions[1].density, comparison.predictions[1].density)


def test_get(comparison):
    assert comparison.models == ("tiny", "other")
    assert comparison.conditions == (Condition.PURE, Condition.SALIENT)
    assert comparison.get("tiny", "salient") is comparison.predictions[1]
    with pytest.raises(UnknownModelError, match="general"):
        comparison.get("other", Condition.GENERAL)


def test_summary_of_a_spot():
    values = np.zeros(SHAPE)
    values[7, 21] = values[7, 23] = 1
    summary = predict(values).summary
    assert summary == pytest.approx({"peak_x": 21, "peak_y": 7, "centre_x": 22, "centre_y": 7, "entropy_bits": 1})


def test_reduced(comparison):
    small = comparison.reduced(20)
    assert small.picture.shape == (15, 20, 3)
    assert small.predictions[1].density.shape == (15, 20)
    assert small.predictions[1].words[0].map.shape == (15, 20)
    assert comparison.reduced(40) is comparison


def test_npz(comparison, tmp_path):
    comparison.to_npz(tmp_path / "all.npz")
    with np.load(tmp_path / "all.npz", allow_pickle=False) as file:
        assert set(file) == {"picture", "record", "tiny.pure", "tiny.salient", "other.pure", "other.salient"}
        assert np.array_equal(file["tiny.salient"], comparison.predictions[1].density)
        assert np.array_equal(file["picture"], comparison.picture)
        assert json.loads(str(file["record"])) == comparison.record()
    comparison.predictions[1].to_npz(tmp_path / "one.npz")
    with np.load(tmp_path / "one.npz", allow_pickle=False) as file:
        assert np.array_equal(file["density"], comparison.predictions[1].density)
        assert np.array_equal(file["words"][0], comparison.predictions[1].words[0].map)
        assert not file["words"][1].any()


def test_json(comparison, tmp_path):
    comparison.to_json(tmp_path / "all.json")
    record = json.loads((tmp_path / "all.json").read_text())
    assert record["software"]["torch"].startswith(torch.__version__.split("+")[0])
    assert record["picture"]["width"] == 40
    assert record["timings"] == {"total": 1.5}
    one = record["predictions"][1]
    assert one["sentence"] == 'a red dog, "Rex"'
    assert one["checkpoint"]["sha256"] == "0" * 64
    assert one["timings"] == {"decoder": 0.5}
    assert one["words"][0] == {"word": "red", "start": 2, "end": 5, "weight": 0.75, "read": True, "known": True}
    comparison.predictions[1].to_json(tmp_path / "one.json")
    assert json.loads((tmp_path / "one.json").read_text()) == {"software": record["software"], **one}


def test_csv(comparison, tmp_path):
    comparison = replace(comparison, predictions=comparison.predictions[:2] + comparison.predictions[3:])
    comparison.to_csv(tmp_path / "all.csv")
    with open(tmp_path / "all.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == ["tiny", "tiny", "other"]
    assert rows[1]["sentence"] == 'a red dog, "Rex"'
    a, b = (comparison.predictions[index].density.ravel() for index in (0, 1))
    assert float(rows[0]["cc_to_pure"]) == pytest.approx(1)
    assert float(rows[1]["cc_to_pure"]) == pytest.approx(np.corrcoef(a, b)[0, 1], abs=1e-6)
    assert rows[2]["cc_to_pure"] == ""  # its pure map was not asked for
    comparison.predictions[1].to_csv(tmp_path / "one.csv")
    with open(tmp_path / "one.csv", newline="") as file:
        assert [row["peak_x"] for row in csv.DictReader(file)] == [rows[1]["peak_x"]]


def test_png(comparison, tmp_path):
    comparison.predictions[0].to_png(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as image:
        assert image.mode == "L"
        np.testing.assert_allclose(np.asarray(image) / 255, comparison.predictions[0].map, atol=0.5 / 255 + 1e-6)
    comparison.to_png(tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as image:
        assert image.width > 500


def shown(html: str) -> tuple[Image.Image, dict[str, str | None], str]:
    """The picture in HTML, the attributes of its tag, and the text below it."""
    tags: list[dict[str, str | None]] = []
    text: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(dict(attributes) | {"tag": tag})
    parser.handle_data = text.append
    parser.feed(html)
    assert {tag["tag"] for tag in tags} <= {"figure", "img", "figcaption", "br"}, "a sentence is no markup"
    [attributes] = [tag for tag in tags if tag["tag"] == "img"]
    content = base64.b64decode(str(attributes["src"]).removeprefix("data:image/png;base64,"))
    return Image.open(io.BytesIO(content)), attributes, "\n".join(text)


def test_a_prediction_shows_itself_in_a_notebook():
    sentence = 'A <b>dog</b> & "Rex"'
    values = np.zeros((9, 12))
    values[2, 3] = 1
    notice = Message("Dark <i>picture</i>.")
    prediction = predict(values, Condition.SALIENT, sentence=sentence, shape=(900, 1200), notices=(notice,))
    image, attributes, text = shown(prediction._repr_html_())
    assert attributes["alt"] == f"Tiny, salient: {sentence}"
    assert text == f"Tiny, salient: {sentence}\n{notice}"
    assert image.size == (800, 600)
    light = np.asarray(image.convert("L"), dtype=float)
    row, column = np.unravel_index(light.argmax(), light.shape)
    assert (row, column) == pytest.approx((600 * 2.5 / 9, 800 * 3.5 / 12), abs=3)
    assert Image.open(io.BytesIO(prediction._repr_png_())).format == "PNG"


def test_a_comparison_shows_its_figure_and_all_notices_in_a_notebook(comparison, tmp_path):
    first, *others = comparison.predictions
    comparison = replace(
        comparison,
        predictions=(replace(first, notices=(Message("Cut."),)), *others),
        notices=(Message("Dark picture."),),
    )
    image, attributes, text = shown(comparison._repr_html_())
    assert attributes["alt"] == "tiny, other"
    assert text == "Dark picture.\nTiny, Pure: Cut."
    comparison.to_png(tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as grid:
        assert image.size == pytest.approx((grid.width / 1.5, grid.height / 1.5), abs=1)


def test_a_cutout_is_the_picture_opaque_on_the_object(comparison, tmp_path):
    mask = np.zeros((9, 12))
    mask[3:6, 4:8] = 0.8
    objects = replace(comparison, predictions=(*comparison.predictions, predict(mask, model="sod", task="objects")))
    assert objects.gaze_models == ("tiny", "other")
    objects.to_cutout(tmp_path / "cut.png", "sod", Condition.PURE)
    image = Image.open(tmp_path / "cut.png")
    assert image.mode == "RGBA"
    cut = np.asarray(image)
    np.testing.assert_array_equal(cut[..., :3], comparison.picture)
    np.testing.assert_allclose(cut[..., 3] / 255, resized(mask.astype(np.float32), SHAPE), atol=1 / 255)
    assert cut[..., 3].max() == 204, "the mask as it is, not stretched to 1"


def test_maps_of_gaze_cut_nothing_out(comparison, tmp_path):
    with pytest.raises(UnknownModelError, match="Tiny finds where people look"):
        comparison.to_cutout(tmp_path / "cut.png", "tiny", Condition.PURE)
