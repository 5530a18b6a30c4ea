"""Pictures to inputs and back; Pillow's resize, written by others, is the reference."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from saliency.preprocessing import Preprocessing, content, prepare, resize

PLAIN = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}


def test_squash_resizes_as_pillow_does():
    picture = np.random.default_rng(0).integers(0, 256, (96, 144, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(picture).resize((48, 32), Image.Resampling.BOX))
    got = prepare(picture, Preprocessing(32, 48, **PLAIN))
    assert got.shape == (3, 32, 48)
    assert got.dtype == torch.float32
    np.testing.assert_allclose(got.permute(1, 2, 0).numpy() * 255, expected, atol=1.01)


def test_a_side_that_shrinks_is_averaged_though_the_other_grows():
    stripes = np.tile(np.array([0, 255], dtype=np.uint8)[:, None], (1, 3))  # of one pixel each
    banner = np.tile(stripes, (20, 80, 1))
    wide = resize(banner, Preprocessing(36, 48, **PLAIN))
    np.testing.assert_allclose(wide.astype(int), 127, atol=45)  # 160 / 48 pixels each: 1 or 2 of 3.3 are white
    high = resize(banner.transpose(1, 0, 2), Preprocessing(48, 36, **PLAIN))
    np.testing.assert_array_equal(high, wide.transpose(1, 0, 2))


@pytest.mark.parametrize(
    ("shape", "how"),
    [
        ((90, 120), cv2.INTER_AREA),
        ((36, 120), cv2.INTER_AREA),
        ((20, 30), cv2.INTER_LINEAR),
        ((36, 30), cv2.INTER_LINEAR),
        ((36, 48), cv2.INTER_AREA),
    ],
)
def test_sides_that_do_alike_are_resized_in_one_step(shape, how):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    got = resize(picture, Preprocessing(36, 48, **PLAIN))
    np.testing.assert_array_equal(got, cv2.resize(picture, (48, 36), interpolation=how))


def test_normalisation():
    picture = np.full((40, 40, 3), (255, 0, 51), dtype=np.uint8)
    got = prepare(picture, Preprocessing(8, 8, mean=(0.5, 0.25, 0.1), std=(0.5, 0.5, 0.2)))
    torch.testing.assert_close(got[:, 3, 3], torch.tensor([1.0, -0.5, 0.5]))


@pytest.mark.parametrize("shape", [(60, 20), (20, 60), (33, 47)])
def test_pad_keeps_the_aspect_ratio(shape):
    preprocessing = Preprocessing(48, 64, fit="pad", **PLAIN)
    got = prepare(np.full((*shape, 3), 255, dtype=np.uint8), preprocessing)
    rows, columns = content(preprocessing, shape, (48, 64))
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert height == 48 or width == 64
    assert height / width == pytest.approx(shape[0] / shape[1], rel=0.05)
    torch.testing.assert_close(got[:, rows, columns], torch.ones(3, height, width))
    assert got.sum() == 3 * height * width  # black around


def test_content_of_a_coarse_map():
    rows, columns = content(Preprocessing(64, 64, fit="pad"), (50, 100), (16, 16))
    assert (rows, columns) == (slice(4, 12), slice(0, 16))


def test_unknown_fit_is_refused():
    with pytest.raises(ValueError, match="stretch"):
        content(Preprocessing(8, 8, fit="stretch"), (4, 4), (8, 8))


def test_preprocessing_imports_no_model():
    command = "import sys, saliency.preprocessing; print([name for name in sys.modules if 'saliency.models' in name])"
    found = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
