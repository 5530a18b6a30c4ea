"""Flickr8k with Flickr30k Entities: captions, and the boxes their phrases name."""

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from saliency.data.flickr8k import Flickr8kEntities
from saliency.errors import DatasetError

CAPTION = "A dog chases two birds over there ."
IDS = ["107", "108", "127", "3050606344", "2851198725"]


@pytest.fixture
def root(tmp_path) -> Path:
    """Pictures with one caption: a dog with a box, birds with two, and a place that has none."""
    phrases = [[0, 2, "5", "animals"], [3, 5, "6", "animals"], [6, 7, "0", "notvisual"], [6, 7, "8", "scene"]]
    boxes = {"5": [[0, 0.5, 0.5, 1]], "6": [[0, 0, 0.1, 0.1], [0.2, 0, 0.3, 0.1]], "8": []}
    records = [
        {"id": name, "width": 50, "height": 40, "boxes": boxes, "captions": [{"text": CAPTION, "phrases": phrases}]}
        for name in IDS
    ]
    with gzip.open(tmp_path / "annotations.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records)
    return tmp_path


def test_an_entry_has_the_phrases_that_have_boxes(root):
    entry = Flickr8kEntities(root)[0]
    assert (entry.id, entry.image_path) == ("107", root / "images" / "107.jpg")
    assert [caption.text for caption in entry.captions] == [CAPTION]
    dog, birds = entry.captions[0].phrases
    words = CAPTION.split(" ")
    assert (words[dog.start : dog.end], words[birds.start : birds.end]) == (["A", "dog"], ["two", "birds"])
    np.testing.assert_allclose(dog.boxes, [[0, 0.5, 0.5, 1]])
    assert birds.boxes.shape == (2, 4)


def test_near_duplicates_are_on_one_side_of_the_split(root):
    training, validation = ({entry.id for entry in Flickr8kEntities(root, s)} for s in ("training", "validation"))
    assert validation == {"107", "127"}
    assert training == {"108", "3050606344", "2851198725"}


def test_an_unknown_split_is_refused(root):
    with pytest.raises(DatasetError, match=r"“test”.*training, validation"):
        Flickr8kEntities(root, "test")


@pytest.mark.parametrize(
    "content",
    [None, b"no archive", gzip.compress(b"no JSON\n"), gzip.compress(b"{}\n"), gzip.compress(b"{}\n")[:-4]],
    ids=["missing", "no archive", "no JSON", "other JSON", "cut short"],
)
def test_a_folder_of_another_layout_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "annotations.jsonl.gz").write_bytes(content)
    with pytest.raises(DatasetError, match=r"annotations\.jsonl\.gz") as caught:
        Flickr8kEntities(tmp_path)
    assert str(tmp_path) not in str(caught.value)


def test_the_real_data_set(data_sets):
    root = data_sets / "flickr8k_entities"
    entries = Flickr8kEntities(root)
    assert len(entries) == 7000
    assert {len(entry.captions) for entry in entries} == {5}
    phrases = [(caption, phrase) for entry in entries for caption in entry.captions for phrase in caption.phrases]
    assert len(phrases) == pytest.approx(91_000, rel=0.02)
    assert all(0 <= phrase.start < phrase.end <= len(caption.text.split(" ")) for caption, phrase in phrases)
    boxes = np.concatenate([phrase.boxes for _, phrase in phrases])
    assert boxes.min() >= 0
    assert boxes.max() <= 1
    assert (boxes[:, :2] < boxes[:, 2:]).all()
    training, validation = (Flickr8kEntities(root, split) for split in ("training", "validation"))
    assert len(training) + len(validation) == 7000
    assert len(validation) == pytest.approx(350, rel=0.2)
