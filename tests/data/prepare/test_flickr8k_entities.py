"""Flickr30k Entities' sentences and boxes, in files written by its readme's description."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from saliency.data.flickr8k import Flickr8kEntities
from saliency.data.prepare.flickr8k_entities import caption, prepare_flickr8k_entities
from saliency.errors import DatasetError

SENTENCES = """\
[/EN#98/animals A black dog] and [/EN#99/animals a spotted dog] play in [/EN#101/scene the street] .
[/EN#98/animals Two dogs] , one of them with [/EN#0/notvisual nothing] and [/EN#7/bodyparts/other a long tail] .
"""
ANNOTATION = """\
<annotation><filename>77.jpg</filename><size><width>500</width><height>400</height><depth>3</depth></size>
<object><name>98</name><name>99</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>250</xmax><ymax>400</ymax></bndbox></object>
<object><name>99</name><bndbox><xmin>251</xmin><ymin>101</ymin><xmax>500</xmax><ymax>200</ymax></bndbox></object>
<object><name>101</name><scene>1</scene><nobndbox>1</nobndbox></object></annotation>
"""


@pytest.fixture
def release(tmp_path):
    """One picture with annotations, and one without."""
    pictures, entities = tmp_path / "Flickr8k_Dataset", tmp_path / "entities"
    for folder in (pictures, entities / "Sentences", entities / "Annotations"):
        folder.mkdir(parents=True)
    for name in ("77_693b08cb0e", "78_1f2e3d4c5b"):
        Image.new("RGB", (500, 400), "teal").save(pictures / f"{name}.jpg")
    (entities / "Sentences" / "77.txt").write_text(SENTENCES)
    (entities / "Annotations" / "77.xml").write_text(ANNOTATION)
    return pictures, entities


def test_captions_and_boxes_are_read_back(release, tmp_path):
    assert list(prepare_flickr8k_entities(*release, tmp_path / "out")) == ["77"]
    (entry,) = Flickr8kEntities(tmp_path / "out")
    first, second = entry.captions
    assert first.text == "A black dog and a spotted dog play in the street ."
    assert [(p.start, p.end, p.kind) for p in first.phrases] == [(0, 3, "animals"), (4, 7, "animals")]
    np.testing.assert_allclose(first.phrases[0].boxes, [[0, 0, 0.5, 1]])
    np.testing.assert_allclose(first.phrases[1].boxes, [[0, 0, 0.5, 1], [0.5, 0.25, 1, 0.5]])
    assert second.text == "Two dogs , one of them with nothing and a long tail ."
    assert [(p.start, p.end) for p in second.phrases] == [(0, 2)]
    with Image.open(entry.image_path) as picture:
        assert picture.size == (224, 224)


def test_phrases_count_words_from_the_first():
    assert caption("On [/EN#1/scene a hill] [/EN#2/people/other a man 's hat]") == {
        "text": "On a hill a man 's hat",
        "phrases": [[1, 3, "1", "scene"], [3, 7, "2", "people/other"]],
    }


def test_pictures_another_data_set_tests_on_are_left_out(release, tmp_path):
    with pytest.raises(DatasetError, match="None of the pictures"):
        list(prepare_flickr8k_entities(*release, tmp_path / "out", leave_out=["77"]))


def test_damaged_annotations_are_named(release, tmp_path):
    (release[1] / "Annotations" / "77.xml").write_text("<annotation><size>")
    with pytest.raises(DatasetError, match="“77” cannot be read"):
        list(prepare_flickr8k_entities(*release, tmp_path / "out"))
