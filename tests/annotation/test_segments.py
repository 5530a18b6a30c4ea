"""Where segments come from: superpixels, and COCO's panoptic files; and first guesses among them."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from saliency.annotation import Segment, Segmentation, superpixels
from saliency.annotation.coco_panoptic import PanopticFiles, read_captions
from saliency.annotation.first_guess import guess_from_captions, guess_from_map, guess_of_model, mentioned
from saliency.errors import AnnotationError
from saliency.predictor import Predictor
from tests.annotation.made_annotations import NAMES, QUARTERS, quarters, write_captions, write_panoptic


def test_superpixels_follow_the_edges_and_cover_the_picture():
    pixels = np.zeros((60, 80, 3), dtype=np.uint8)
    pixels[:, 33:] = 255
    made = superpixels(pixels, 12)
    assert made.labels.shape == (60, 80)
    assert 6 <= len(made.segments) <= 18
    assert sorted(np.unique(made.labels)) == list(range(len(made.segments)))
    assert not set(np.unique(made.labels[:, :31])) & set(np.unique(made.labels[:, 35:])), "but for the blur"
    assert made.key == superpixels(pixels, 12).key


def test_a_large_picture_is_divided_smaller_and_has_segments_of_its_size():
    pixels = np.zeros((300, 1500, 3), dtype=np.uint8)
    pixels[:, 750:] = 255
    made = superpixels(pixels, 20)
    assert made.labels.shape == (300, 1500)
    assert (made.mask(np.unique(made.labels[:, :740])) == (np.arange(1500) < 750)).mean() > 0.99


def test_a_picture_of_one_colour_and_one_of_few_pixels_have_segments():
    assert len(superpixels(np.full((8, 8, 3), 7, dtype=np.uint8)).segments) >= 1


def test_panoptic_files_are_read_by_the_colours_of_their_png(tmp_path):
    files = PanopticFiles(write_panoptic(tmp_path))
    found = files.find("sub/a")
    assert np.array_equal(found.labels, QUARTERS)
    assert [segment.name for segment in found.segments] == list(NAMES)
    assert [segment.thing for segment in found.segments] == [True, False, True, False]
    assert files.find("b") is None


def test_a_png_with_another_segment_is_refused(tmp_path):
    path = write_panoptic(tmp_path)
    Image.new("RGB", (16, 8), (9, 0, 0)).save(tmp_path / "panoptic" / "a.png")
    with pytest.raises(AnnotationError, match="none of the id 9"):
        PanopticFiles(path).find("a")


@pytest.mark.parametrize("content", ["[]", "{", '{"images": [], "annotations": []}', '{"categories": [{}]}'])
def test_another_json_file_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    (tmp_path / "x").mkdir()
    with pytest.raises(AnnotationError):
        PanopticFiles(tmp_path / "x.json")


def test_the_folder_of_png_files_is_needed(tmp_path):
    path = write_panoptic(tmp_path)
    with pytest.raises(AnnotationError, match="no folder “nowhere”"):
        PanopticFiles(path, tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("caption", "names"),
    [
        ("Two men watch a dog.", {"person", "dog"}),
        ("A hot dog on a table.", {"hot dog", "dining table"}),
        ("Children with teddy bears", {"person", "teddy bear"}),
        ("A dogma of catalogues.", set()),
        ("WOMAN RIDES A BIKE", {"person", "bicycle"}),
    ],
)
def test_captions_mention_categories_by_their_words(caption, names):
    assert mentioned(caption, {*NAMES, "hot dog", "dining table", "teddy bear", "bicycle", "bear"}) == names


def test_a_guess_is_of_the_things_that_two_captions_mention(tmp_path):
    path = write_captions(
        tmp_path / "c.json", "A man and his dog.", "Someone in the grass.", "Grass and sky.", "A dog!"
    )
    captions = read_captions(path)["a"]
    guess = guess_from_captions(quarters(), captions)
    assert (guess.segments, guess.source) == ((0, 2), "captions")
    assert guess_from_captions(quarters(), captions[:1]) is None


def test_a_guess_has_things_of_1_to_70_percent():
    labels = np.ones((10, 100), dtype=np.int32)
    labels[0, :9] = 0  # .9 %
    large = Segmentation(labels, (Segment("dog", True), Segment("cat", True)), "coco panoptic")
    assert guess_from_captions(large, ["A dog and a cat."] * 2) is None


def test_a_guess_from_a_map_has_the_segments_of_twice_the_mean():
    density = np.where(QUARTERS == 2, 5.0, 1.0)
    guess = guess_from_map(quarters(), density, "gsgnet: A dog.")
    assert (guess.segments, guess.source) == ((2,), "gsgnet: A dog.")
    assert guess_from_map(quarters(), np.ones((8, 16)), "x") is None


def test_a_models_guess_names_the_model(miniatures):
    predictor = Predictor(checkpoint_dir=miniatures, precision="float32")
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(48, 64, 3), dtype=np.uint8)
    guess = guess_of_model(superpixels(pixels, 50), pixels, predictor, "reader")
    assert guess is None or guess.source == "reader"


def test_captions_need_their_form(tmp_path):
    (tmp_path / "c.json").write_text(json.dumps({"images": [{"id": 1}]}))
    with pytest.raises(AnnotationError, match="no captions"):
        read_captions(tmp_path / "c.json")
