"""Detected objects become captions whose phrases name them; the detector is checked against hand-made output."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from saliency.data import objects
from saliency.data.flickr8k import Caption, Entry
from saliency.data.objects import NAMES, Detections, Detector, detect, object_captions, with_objects
from saliency.errors import DatasetError

WEIGHTS = Path(__file__).parents[3] / "shared" / "weights" / "yolox_nano_coco.onnx"
EXAMPLES = Path(__file__).parents[2] / "assets" / "examples"


def found(*things: tuple[str, float]) -> Detections:
    boxes = np.array([[0.1 * n, 0.2, 0.1 * n + 0.1, 0.6] for n in range(len(things))], np.float32).reshape(-1, 4)
    classes = np.array([NAMES.index(name) for name, _ in things], dtype=int)
    return Detections(boxes, classes, np.array([score for _, score in things], np.float32))


def test_there_are_cocos_eighty_classes():
    assert len(set(NAMES)) == 80
    assert (NAMES[0], NAMES[16], NAMES[79]) == ("person", "dog", "toothbrush")


@pytest.mark.parametrize("seed", range(20))
def test_a_phrase_covers_the_words_of_its_class_and_has_its_boxes(seed: int):
    detections = found(("giraffe", 0.9), ("traffic light", 0.8), ("giraffe", 0.5))
    captions = object_captions(detections, np.random.default_rng(seed))
    assert captions
    for caption in captions:
        words = caption.text.split(" ")
        assert not caption.distinctive
        for phrase in caption.phrases:
            named = " ".join(words[phrase.start : phrase.end]).lower()
            expected = {"giraffe": detections.boxes[[0, 2]], "light": detections.boxes[[1]]}
            boxes = next((boxes for key, boxes in expected.items() if key in named), np.empty((0, 4)))
            np.testing.assert_array_equal(phrase.boxes.reshape(-1, 4), boxes)


def test_what_is_unlikely_is_not_named_and_what_may_be_there_is_not_called_absent():
    present, doubtful = ("cat", 0.9), [(name, 0.1) for name in NAMES if name not in ("cat", "kite")]
    captions = [
        caption
        for seed in range(30)
        for caption in object_captions(found(present, *doubtful), np.random.default_rng(seed))
    ]
    named = {word for caption in captions for word in caption.text.lower().split(" ")}
    assert named <= {"a", "the", "cat", "kite", "and", "there", "is"}
    assert {"cat", "kite"} <= named
    missing = [p for caption in captions for p in caption.phrases if not len(p.boxes)]
    assert missing


def test_nothing_found_says_nothing():
    assert object_captions(found(), np.random.default_rng(0)) == ()
    assert object_captions(found(("dog", 0.2)), np.random.default_rng(0)) == ()


class FixedNetwork:
    """Answers every picture with the same rows."""

    def __init__(self, rows: np.ndarray):
        self.rows = rows

    def setInput(self, value: np.ndarray) -> None:  # noqa: N802
        assert value.shape == (1, 3, 416, 416)

    def forward(self) -> np.ndarray:
        return self.rows[None]


def test_rows_are_decoded_as_the_network_was_published(monkeypatch: pytest.MonkeyPatch):
    rows = np.full((3549, 85), 0.0, np.float32)
    first_of_16 = 52 * 52
    place = first_of_16 + 5 * 26 + 7  # row 5, column 7 of stride 16
    rows[place, :4] = 0.5, 0.25, np.log(4), np.log(2)  # centre (120, 84), size 64 x 32
    rows[place, 4], rows[place, 5 + 16] = 0.9, 0.8
    rows[place + 1] = rows[place]
    rows[place + 1, 0] -= 1  # the same box, told by the next cell
    rows[place + 1, 4] = 0.5
    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", lambda path: FixedNetwork(rows))
    detections = Detector(Path("any.onnx"))(np.zeros((208, 416, 3), np.uint8))
    assert [NAMES[number] for number in detections.classes] == ["dog"]
    assert detections.scores == pytest.approx([0.72])
    np.testing.assert_allclose(detections.boxes, [[88 / 416, 68 / 208, 152 / 416, 100 / 208]], atol=1e-6)


def test_an_unreadable_detector_is_a_sentence(tmp_path: Path):
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"nothing")
    with pytest.raises(DatasetError, match="broken"):
        Detector(path)


def test_detections_are_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    picture, weights = tmp_path / "a.png", tmp_path / "net.onnx"
    Image.fromarray(np.zeros((4, 6, 3), np.uint8)).save(picture)
    weights.write_bytes(b"weights")
    calls = []

    def network(path: Path):
        return lambda rgb: calls.append(rgb.shape) or found(("dog", 0.9), ("cat", 0.06))

    monkeypatch.setattr(objects, "Detector", network)
    first, second = (detect([picture], weights, tmp_path / "cache")[0] for _ in range(2))
    assert calls == [(4, 6, 3)]
    for name in ("boxes", "classes", "scores"):
        np.testing.assert_allclose(getattr(first, name), getattr(second, name), atol=1e-4)
    entries = [Entry("a", picture, (Caption("A thing .", ()),))]
    captions = with_objects(entries, weights, tmp_path / "cache")[0].captions
    assert captions[0].text == "A thing ."
    assert any("dog" in caption.text.lower() for caption in captions[1:])


@pytest.mark.skipif(not WEIGHTS.is_file(), reason="../shared/weights has no detector")
def test_it_finds_the_cat_of_the_example():
    picture = np.asarray(Image.open(EXAMPLES / "chelsea.jpg").convert("RGB"))
    detections = Detector(WEIGHTS)(picture)
    best = detections.scores.argmax()
    assert NAMES[detections.classes[best]] == "cat"
    assert detections.scores[best] > 0.5
