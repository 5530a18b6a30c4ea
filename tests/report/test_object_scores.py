"""Scores of models of objects in their cards: of the held-out pictures alone, by hand."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency import checkpoints
from saliency.checkpoints import directory_of_checkpoints
from saliency.report import object_scores

PICTURES = 40


class LeftHalf:
    """A predictor that takes the left half for the object."""

    def __init__(self, models: list[str], **_: int) -> None:
        assert models == ["sdg_sod"]

    def maps(self, picture: np.ndarray, sentences: list[str], model: str) -> list[np.ndarray]:
        assert sentences == [""]
        return [np.tile(np.repeat([1, 0], 20), (10, 1)).astype(np.float32)]


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """Pictures whose object is the left quarter."""
    root = tmp_path / "masks"
    for folder in ("images", "masks"):
        (root / folder).mkdir(parents=True)
    mask = np.zeros((10, 40), np.uint8)
    mask[:, :10] = 255
    for number in range(PICTURES):
        Image.fromarray(np.zeros((10, 40, 3), np.uint8)).save(root / "images" / f"{number}.png")
        Image.fromarray(mask).save(root / "masks" / f"{number}.png")
    return root


def test_held_out_pictures_are_measured_and_stand_in_the_card(masks: Path, tmp_path: Path, monkeypatch):
    shutil.copy(directory_of_checkpoints() / "sdg_sod.json", tmp_path / "sdg_sod.json")
    before = checkpoints.read_card("sdg_sod", tmp_path)
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(tmp_path))
    monkeypatch.setattr(object_scores, "Predictor", LeftHalf)
    object_scores.write_cards(masks)
    card = checkpoints.read_card("sdg_sod", tmp_path)
    assert card.objects is not None
    assert (card.sha256, card.metrics) == (before.sha256, before.metrics)
    assert 0 < card.objects["MAE"].n < PICTURES / 4
    assert card.objects["MAE"].mean == pytest.approx(0.25)
    # Half of what is predicted is right, and all of the object is found.
    assert card.objects["maxF"].mean == pytest.approx(1.3 * 0.5 / (0.3 * 0.5 + 1), abs=1e-6)
