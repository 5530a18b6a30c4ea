"""Bilinear resizing agrees with torch; maps and points between two sizes of one picture."""

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from saliency.errors import GroundTruthError
from saliency.resizing import antialiased, bilinear, fit_density, move_points, same_proportions

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


@pytest.mark.parametrize(
    ("size", "same"),
    [
        ((480, 640), True),
        ((240, 320), True),
        ((241, 321), True),  # halved with rounding
        ((466, 640), True),  # 3.0 %
        ((465, 640), False),  # 3.2 %
        ((640, 480), False),
        ((480, 480), False),
        ((0, 640), False),
    ],
)
def test_proportions_agree_within_three_per_cent(size, same):
    assert same_proportions(size, (480, 640)) is same
    assert same_proportions((480, 640), size) is same


def test_a_point_keeps_its_share_of_the_sides():
    points = np.array([[0, 0], [119, 160], [239, 319]])
    assert move_points(points, (240, 320), (480, 640)).tolist() == [[0, 0], [238, 320], [478, 638]]
    assert move_points(np.array([[479, 639], [3, 5]]), (480, 640), (240, 320)).tolist() == [[239, 319], [1, 2]]


def test_points_stay_inside_and_keep_their_number():
    points = np.array([[10.0, 10.0], [10.0, 10.0]])  # the lower right corner of a 10 x 10 frame, twice
    assert move_points(points, (10, 10), (5, 7)).tolist() == [[4, 6], [4, 6]]
    assert move_points(np.empty((0, 2)), (10, 10), (5, 7)).shape == (0, 2)


def test_a_density_is_brought_to_the_picture_on_pixel_centres():
    fitted = fit_density(np.array([[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]), (4, 6))
    # The new columns lie at -1/4, 1/4, 3/4, 5/4, 7/4 and 9/4 of the old.
    np.testing.assert_allclose(fitted, np.tile([0, 0, 0, 0.25, 0.75, 1], (4, 1)), atol=1e-6)
    same = np.arange(24.0).reshape(4, 6)
    assert fit_density(same, (4, 6)) is same


def test_a_density_of_other_proportions_is_refused_with_both_sizes():
    with pytest.raises(GroundTruthError, match="map is 320 x 320, the picture 640 x 480 pixels"):
        fit_density(np.ones((320, 320)), (480, 640))
