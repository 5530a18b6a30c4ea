"""DUTS-TR shrunk."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from saliency.data.prepare.duts import prepare_duts
from saliency.errors import DatasetError


@pytest.fixture
def release(tmp_path):
    """A picture of 400 x 300 pixels whose left half is the object, and a small one that is all object."""
    for folder in ("DUTS-TR-Image", "DUTS-TR-Mask"):
        (tmp_path / "DUTS-TR" / folder).mkdir(parents=True)
    for name, size, edge in (("large", (400, 300), 200), ("small", (40, 30), 40)):
        mask = np.zeros(size[::-1], np.uint8)
        mask[:, :edge] = 255
        Image.new("RGB", size, "navy").save(tmp_path / "DUTS-TR" / "DUTS-TR-Image" / f"{name}.jpg")
        Image.fromarray(mask).save(tmp_path / "DUTS-TR" / "DUTS-TR-Mask" / f"{name}.png")
    return tmp_path / "DUTS-TR"


def test_the_longer_side_is_at_most_240(release, tmp_path):
    assert list(prepare_duts(release, tmp_path / "out")) == ["large", "small"]
    mask = np.asarray(Image.open(tmp_path / "out" / "masks" / "large.png"))
    assert mask.shape == (180, 240)
    assert (mask[:, :120] == 255).all()
    assert (mask[:, 120:] == 0).all()
    sizes = [Image.open(tmp_path / "out" / "images" / f"{name}.jpg").size for name in ("large", "small")]
    assert sizes == [(240, 180), (40, 30)]


def test_a_missing_mask_is_named(release, tmp_path):
    (release / "DUTS-TR-Mask" / "small.png").unlink()
    with pytest.raises(DatasetError, match=r"small\.jpg"):
        list(prepare_duts(release, tmp_path / "out"))


def test_another_folder_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="DUTS-TR-Image"):
        list(prepare_duts(tmp_path, tmp_path / "out"))
