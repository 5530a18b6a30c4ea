"""The example pictures: what ships with them, and how their sentences are measured."""

import numpy as np
import pytest
import yaml
from PIL import Image

from saliency.metrics import cc
from saliency.predictor import Predictor
from saliency.report.example_sentences import BOXES, on
from saliency.ui.examples import FOLDER, examples


def test_a_share_is_what_lies_in_the_boxes_and_overlaps_count_once():
    density = np.ones((4, 10), dtype=np.float32)
    assert on(density, [[0, 0, 0.5, 1]]) == pytest.approx(0.5)
    assert on(density, [[0, 0, 0.5, 1], [0.4, 0, 0.5, 0.5]]) == pytest.approx(0.5)
    density[:, 5:] = 3
    assert on(density, [[0, 0, 0.5, 1]]) == pytest.approx(0.25)


def test_pictures_are_small_and_say_nothing_about_their_camera():
    for example in examples():
        assert example.picture.stat().st_size < 150_000
        with Image.open(example.picture) as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) <= 1024
            assert not picture.getexif()


def test_every_picture_has_a_licence():
    licences = (FOLDER.parent / "LICENCES.md").read_text(encoding="utf-8")
    assert all(f"`examples/{example.picture.name}`" in licences for example in examples())


def test_boxes_belong_to_examples_and_lie_in_the_picture():
    boxes = yaml.safe_load(BOXES.read_text(encoding="utf-8"))
    assert boxes.keys() <= {example.title for example in examples()}
    for named in boxes.values():
        assert named.keys() == {"general", "salient", "non_salient"}
        for x0, y0, x1, y1 in (box for found in named.values() for box in found):
            assert 0 <= x0 < x1 <= 1
            assert 0 <= y0 < y1 <= 1


def test_each_measured_picture_has_a_sentence_that_moves_attention_to_what_it_names():
    predictor = Predictor(["tranblend"])
    boxes = yaml.safe_load(BOXES.read_text(encoding="utf-8"))
    for example in (example for example in examples() if example.title in boxes):
        sentences = {name: getattr(example, name) for name in boxes[example.title]}
        pure, *read = predictor.predict(example.picture, {"pure": ""} | sentences).predictions
        assert any(
            cc(answer.density, pure.density) <= 0.75 and on(answer.density, named) >= 2 * on(pure.density, named)
            for answer, named in zip(read, boxes[example.title].values(), strict=True)
        ), example.title
