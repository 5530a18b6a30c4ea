"""Bilinear resizing agrees with torch, whatever the type and the sizes."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from saliency.resizing import antialiased, bilinear

SIZES = [(7, 9), (14, 5), (3, 31), (1, 1)]


@pytest.mark.parametrize("shape", SIZES)
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_it_is_torchs_interpolation(shape: tuple[int, int], dtype: type, tolerance: float):
    values = np.random.default_rng(0).random((7, 9)).astype(dtype)
    expected = interpolate(torch.from_numpy(values)[None, None], size=shape, mode="bilinear", align_corners=False)
    found = bilinear(values, shape)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected[0, 0].numpy(), atol=tolerance)


def test_colours_are_resized_alike():
    values = np.random.default_rng(0).random((7, 9, 3))
    channels = [bilinear(values[..., channel], (14, 5)) for channel in range(3)]
    np.testing.assert_array_equal(bilinear(values, (14, 5)), np.stack(channels, axis=-1))


def test_a_constant_map_stays_constant():
    """Metrics ask for it exactly: a constant prediction has no correlation with anything."""
    assert np.unique(bilinear(np.full((30, 40), 0.1), (481, 641))).tolist() == [0.1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8])
def test_the_result_is_a_new_array(dtype: type):
    values = np.ones((4, 5), dtype)
    assert not np.shares_memory(bilinear(values, (4, 5)), values)


def test_shrinking_as_image_libraries_do_it_averages():
    values = np.arange(64.0).reshape(8, 8)
    expected = Image.fromarray(values.astype(np.float32)).resize((2, 4), Image.Resampling.BILINEAR)
    found = antialiased(values, (4, 2))
    np.testing.assert_array_equal(found, np.asarray(expected))
    assert found.mean() == pytest.approx(values.mean(), rel=0.02)
