import base64
import json
import math
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from saliency.comparison_tables import GroundTruth
from saliency.conditions import Condition
from saliency.predictor import Predictor
from saliency.ui.shared.presentation import MAP_SIDE, OUTLINE_POINTS, outlines, present


def opened(uri: str) -> Image.Image:
    return Image.open(BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def test_a_map_is_the_density_to_half_a_grey_level(comparison):
    small = comparison.reduced(MAP_SIDE)
    for sent, prediction in zip(present(comparison)["maps"], small.predictions, strict=True):
        image = opened(sent["png"])
        assert image.mode == "L"
        assert max(image.size) == MAP_SIDE
        values = sent["low"] + (sent["high"] - sent["low"]) * np.asarray(image) / 255
        step = (sent["high"] - sent["low"]) / 255
        expected = prediction.density * math.prod(prediction.shape)
        assert np.abs(values - expected).max() <= step / 2 + 1e-5
        assert expected.mean() == pytest.approx(1, abs=1e-4)  # multiples of the average


def test_a_difference_has_steps_of_its_own_and_none_of_the_maps(comparison):
    # What a sentence changes may be less than a grey level of the maps.
    pure, general = comparison.predictions[:2]
    change = np.linspace(-1e-4, 1e-4, 12 * 16, dtype=np.float32).reshape(12, 16)
    near = type(general)(**{**vars(general), "working_map": pure.working_map + change})
    first, second = present(type(comparison)(comparison.picture, (pure, near), {}))["maps"]
    assert first["difference"] is None
    sent = second["difference"]
    levels = np.asarray(opened(sent["png"]))
    assert len(np.unique(levels)) > 200
    values = sent["low"] + (sent["high"] - sent["low"]) * levels / 255
    small = type(comparison)(comparison.picture, (pure, near), {}).reduced(MAP_SIDE).predictions
    before, after = (p.density * math.prod(p.shape) for p in small)
    assert np.abs(values - (after - before)).max() <= (sent["high"] - sent["low"]) / 255 / 2 + 1e-6


def test_twelve_maps_stay_below_a_megabyte(comparison):
    three = comparison.predictions + comparison.predictions[:4]
    smooth = Image.fromarray(comparison.picture).resize((16, 12)).resize((640, 480), Image.Resampling.BICUBIC)
    view = present(type(comparison)(np.asarray(smooth), three, {}))
    assert len(view["maps"]) == 12
    assert len(json.dumps(view)) < 1_000_000


def test_the_view_is_json_with_peoples_text_as_it_was_written(comparison):
    view = json.loads(json.dumps(present(comparison), allow_nan=False))
    salient = comparison.get("one", Condition.SALIENT).sentence
    assert view["conditions"][2] == {"name": "salient", "sentence": salient}
    assert [model["title"] for model in view["models"]] == ["One", "Two"]


def test_a_truncation_is_reported_once_per_sentence(miniatures):
    predictor = Predictor(["reader", "padder", "blind"], checkpoint_dir=miniatures)
    long = " ".join(["word"] * 10)
    comparison = predictor.predict(
        np.zeros((60, 90, 3), np.uint8), {"pure": "", "general": long, "salient": "a dog", "non_salient": long}
    )
    unread = "The sentence is too long: only the first 8 of its 10 words were read."
    assert present(comparison)["notices"] == [
        "The picture is one single colour; a map of it says nothing about it.",
        f"General: {unread}",
        f"Non-salient: {unread}",
    ]


def test_a_map_says_where_it_lies_and_what_moved_against_the_picture_alone(comparison):
    pure, _, salient, _, *_ = present(comparison)["maps"]
    assert pure["moved"] is None
    small = comparison.reduced(MAP_SIDE)
    p, q = (small.get("one", c).density.astype(np.float64) for c in (Condition.SALIENT, Condition.PURE))
    assert salient["moved"]["share"] == pytest.approx(np.abs(p / p.sum() - q / q.sum()).sum() / 2)
    row, column = np.unravel_index(p.argmax(), p.shape)
    assert salient["where"]["peak"] == pytest.approx(((column + 0.5) / 320, (row + 0.5) / 240))


def test_provenance_names_the_weights_and_the_time(comparison):
    made = present(comparison)["provenance"]
    assert made["weights"][0] == {"title": "One", "checkpoint": "one", "preset": "compact", "sha256": "ab" * 32}
    assert made["seconds"] == {"decoder": 0.25, "total": 0.5}
    assert made["format"] == 1


def test_ground_truth_comes_first(comparison):
    tables = present(comparison, GroundTruth(Condition.PURE, fixations=np.array([[3, 4]])))["tables"]
    assert [table["name"] for table in tables] == ["against", "moved", "agreement"]


def test_people_are_a_map_of_their_own_with_a_dot_for_each_place(comparison):
    assert present(comparison)["people"] is None
    fixations = np.array([[100, 200], [100, 200], [300, 639]])
    view = json.loads(json.dumps(present(comparison, GroundTruth(Condition.SALIENT, fixations=fixations, people=2))))
    people = view["people"]
    assert (people["condition"], people["given"]) == ("salient", False)
    assert (people["fixations"], people["participants"]) == (3, 2)
    assert people["dots"] == [[200, 100], [639, 300]]
    values = np.asarray(opened(people["png"])) / 255
    assert values.shape == (240, 320)
    assert np.unravel_index(values.argmax(), values.shape) == pytest.approx((50, 100), abs=1)
    average = (people["low"] + (people["high"] - people["low"]) * values).mean()
    assert average == pytest.approx(1, abs=0.05)  # in steps of the peak, 25 times that


def test_a_mask_is_sent_as_outlines_in_pixels_of_the_picture_that_is_sent(comparison):
    assert present(comparison)["outlines"] is None
    mask = np.zeros((480, 640), bool)
    mask[100:300, 50:250] = True
    mask[150:200, 100:150] = False  # a hole
    view = json.loads(json.dumps(present(comparison, GroundTruth(Condition.PURE, mask=mask))))
    assert view["people"] is None
    outer, hole = sorted(view["outlines"])
    assert sorted(outer) == [[50, 100], [50, 299], [249, 100], [249, 299]]
    assert len(hole) <= 8  # its corners are cut
    assert {x for x, _ in hole} <= {99, 100, 149, 150}
    assert {y for _, y in hole} <= {149, 150, 199, 200}


def test_a_mask_is_sent_at_the_size_of_the_picture_that_is_sent():
    mask = np.zeros((960, 1440), bool)
    mask[480:, 720:] = True
    [polygon] = outlines(mask, (480, 720))
    assert sorted(polygon) == [[360, 240], [360, 479], [719, 240], [719, 479]]


def test_outlines_of_noise_are_bounded():
    noise = np.random.default_rng(0).random((480, 720)) > 0.5
    found = outlines(noise, (480, 720))
    assert 1000 < sum(map(len, found)) <= OUTLINE_POINTS
    assert [len(polygon) for polygon in found] == sorted(map(len, found), reverse=True)


def test_an_uploaded_density_is_shown_as_it_is(comparison):
    density = np.zeros((120, 160))
    density[:, 80:] = 2
    people = present(comparison, GroundTruth(Condition.PURE, density, np.array([[3, 4]])))["people"]
    assert people["given"]
    assert (people["low"], people["high"]) == pytest.approx((0, 2), abs=0.01)
    assert people["where"]["peak"][0] > 0.5
    assert people["dots"] == [[4, 3]]
    alone = present(comparison, GroundTruth(Condition.PURE, density))["people"]
    assert (alone["dots"], alone["fixations"], alone["participants"]) == ([], None, None)


def test_a_flat_map_can_be_shown(comparison):
    first = comparison.predictions[0]
    flat = type(first)(**{**vars(first), "working_map": np.zeros((4, 4), np.float32)})
    [sent] = present(type(comparison)(comparison.picture, (flat,), {}))["maps"]
    assert sent["high"] - sent["low"] == pytest.approx(0, abs=1e-5)
    assert opened(sent["png"]).size == (320, 240)
