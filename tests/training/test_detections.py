"""What an object detector is sure of in a training's pictures, and its cache."""

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from saliency import checkpoints
from saliency.models.detector import NAMES, ObjectPlanes
from saliency.training import detections as module
from saliency.training.detections import detections, sure
from tests.pictures import COFFEE

ASTRONAUT = Path(__file__).parents[2] / "assets" / "examples" / "astronaut.jpg"
CAT, DOG = NAMES.index("cat"), NAMES.index("dog")


def scores(*rows: tuple[int, float]) -> np.ndarray:
    found = np.zeros((len(rows), len(NAMES)), np.float32)
    for row, (kind, score) in zip(found, rows, strict=True):
        row[kind] = score
    return found


def test_a_kind_is_there_if_one_of_its_boxes_is_sure_and_then_so_are_likely_ones():
    boxes = np.array([[0.2, 0.2, 0.2, 0.2], [0.7, 0.2, 0.2, 0.4], [0.2, 0.7, 0.2, 0.2], [0.7, 0.7, 0.2, 0.2]])
    found = sure(boxes.astype(np.float32), scores((CAT, 0.6), (CAT, 0.4), (CAT, 0.2), (DOG, 0.4)))
    assert list(found) == ["cat"]
    np.testing.assert_allclose(found["cat"], [[0.1, 0.1, 0.3, 0.3], [0.6, 0.0, 0.8, 0.4]], atol=1e-6)


def test_a_thing_is_found_once_and_its_box_ends_with_the_picture():
    box = [0.1, 0.5, 0.4, 0.4]
    found = sure(np.array([box, [0.12, 0.5, 0.4, 0.4], box], np.float32), scores((CAT, 0.6), (CAT, 0.9), (DOG, 0.7)))
    np.testing.assert_allclose(found["cat"], [[0.0, 0.3, 0.32, 0.7]], atol=1e-6)
    np.testing.assert_allclose(found["dog"], [[0.0, 0.3, 0.3, 0.7]], atol=1e-6)


def test_there_may_be_nothing():
    assert sure(np.full((3, 4), 0.5, np.float32), scores((CAT, 0.1), (CAT, 0.2), (DOG, 0.3))) == {}


@pytest.mark.parametrize(("picture", "name"), [(ASTRONAUT, "person"), (COFFEE, "cup")])
def test_a_picture_and_its_mirror_image_have_the_same_thing_on_both_sides(picture: Path, name: str, tmp_path: Path):
    example = cv2.cvtColor(cv2.imread(str(picture)), cv2.COLOR_BGR2RGB)
    width = round(160 * example.shape[1] / example.shape[0])
    small = cv2.resize(example, (width, 160), interpolation=cv2.INTER_AREA)
    wall = np.full((360, 480, 3), 120, np.uint8)
    wall[100:260, :width], wall[100:260, -width:] = small, small[:, ::-1]
    paths = [tmp_path / "both.png", tmp_path / "wall.png"]
    Image.fromarray(wall).save(paths[0])
    Image.new("RGB", (480, 360), (120, 120, 120)).save(paths[1])
    found = detections(paths, checkpoints.load("tranblend")[0].grounding.objects, tmp_path)
    assert found[paths[1]] == {}
    things = found[paths[0]][name]
    assert things.shape == (2, 4)
    left, right = things[things[:, 0].argsort()]
    assert 0 <= left[0] < left[2] - 0.1 < 0.45
    assert 0.25 < left[1] < left[3] - 0.1 < 0.65
    np.testing.assert_allclose(1 - right[[2, 0]], left[[0, 2]], atol=0.06)
    np.testing.assert_allclose(right[[1, 3]], left[[1, 3]], atol=0.06)


def test_cached_detections_are_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Neither another detector's findings nor those by other thresholds are taken for this one's."""
    paths = [tmp_path / f"{name}.png" for name in "abc"]
    for number, path in enumerate(paths):
        Image.new("RGB", (64, 48), (80 * number,) * 3).save(path)
    seen = []

    def detect(self: ObjectPlanes, pixels: torch.Tensor) -> tuple:
        """A cat as wide as the picture is bright."""
        seen.append(pixels.shape)
        box = torch.tensor([[[320.0, 240.0, 100 + 100 * float(pixels.mean()), 240.0]]])
        return box, torch.from_numpy(scores((CAT, 0.9)))[None], ()

    monkeypatch.setattr(ObjectPlanes, "detect", detect)
    detector = ObjectPlanes()
    for _ in range(2):
        found = detections(paths, detector, tmp_path / "kept")
        assert seen == [(1, 3, 480, 640)] * 3
        assert list(found) == paths
        widths = [float(np.ptp(kinds["cat"][0, [0, 2]])) for kinds in found.values()]
        expected = [(100 + 100 * (80 * number / 127.5 - 1)) / 640 for number in range(3)]
        np.testing.assert_allclose(widths, expected, atol=1e-4)
    monkeypatch.setattr(module, "SURE", 0.95)
    assert detections(paths, detector, tmp_path / "kept") == {path: {} for path in paths}
    with torch.no_grad():
        next(detector.parameters()).add_(1)
    detections(paths, detector, tmp_path / "kept")
    assert len(seen) == 9
