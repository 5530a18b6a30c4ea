"""Masks of objects in files of their own: pictures and arrays, at the size of their picture."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from saliency.errors import GroundTruthError
from saliency.object_files import read_mask, resized_mask

SHAPE = (30, 40)


@pytest.fixture
def mask() -> np.ndarray:
    made = np.zeros(SHAPE, bool)
    made[6:18, 8:24] = True
    return made


@pytest.mark.parametrize(
    "write",
    [
        lambda mask, path: Image.fromarray(mask.astype(np.uint8) * 255).save(path.with_suffix(".png")),
        lambda mask, path: Image.fromarray(mask.astype(np.uint8)).save(path.with_suffix(".png")),  # 0 and 1
        lambda mask, path: Image.fromarray(mask).save(path.with_suffix(".png")),  # one bit per pixel
        lambda mask, path: Image.fromarray(mask.astype(np.uint16) * 65535).save(path.with_suffix(".png")),
        lambda mask, path: Image.fromarray(np.repeat(mask[..., None] * np.uint8(255), 3, 2)).save(
            path.with_suffix(".png")
        ),
        lambda mask, path: np.save(path.with_suffix(".npy"), mask),
        lambda mask, path: np.save(path.with_suffix(".npy"), mask.astype(float)),
        lambda mask, path: np.save(path.with_suffix(".npy"), mask[..., None] * 255),
    ],
)
def test_what_marks_objects_is_read_alike(mask, write, tmp_path):
    write(mask, tmp_path / "mask")
    [path] = tmp_path.iterdir()
    read = read_mask(path, SHAPE)
    np.testing.assert_array_equal(read.pixels, mask)
    assert read.pixels.dtype == bool
    assert read.notices == ()
    assert read.account == ("A mask of objects on 16% of the picture",)


def test_a_mask_of_another_size_is_brought_to_the_pictures(mask, tmp_path):
    Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / "m.png")
    larger = read_mask(tmp_path / "m.png", (90, 120)).pixels
    np.testing.assert_array_equal(larger, mask.repeat(3, 0).repeat(3, 1))
    smaller = read_mask(tmp_path / "m.png", (15, 20)).pixels
    np.testing.assert_array_equal(smaller, mask[::2, ::2])
    half = np.zeros((4, 4), bool)
    half[:, 1] = True
    np.testing.assert_array_equal(resized_mask(half, (2, 2)), [[True, False], [True, False]])


def test_grey_values_are_reported(tmp_path):
    ramp = np.tile(np.arange(256, dtype=np.uint8), (192, 1))
    Image.fromarray(ramp).save(tmp_path / "m.png")
    read = read_mask(tmp_path / "m.png", ramp.shape)
    np.testing.assert_array_equal(read.pixels, ramp > 128)  # as data sets of salient objects are read
    assert "half of white" in read.notices[0]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (np.zeros(SHAPE, np.uint8), "empty"),
        (np.full((30, 30), 255, np.uint8), "30 x 30, the picture 40 x 30"),
    ],
)
def test_a_mask_that_says_nothing_of_the_picture_is_refused(made, words, tmp_path):
    Image.fromarray(made).save(tmp_path / "m.png")
    with pytest.raises(GroundTruthError, match=words):
        read_mask(tmp_path / "m.png", SHAPE)


def test_what_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "m.png").write_bytes(b"no picture")
    with pytest.raises(GroundTruthError, match="mask cannot be used"):
        read_mask(tmp_path / "m.png", SHAPE)
    np.save(tmp_path / "m.npy", np.ones((3, 4, 5)))
    with pytest.raises(GroundTruthError, match="height, width"):
        read_mask(tmp_path / "m.npy", SHAPE)
