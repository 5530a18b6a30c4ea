"""Maps and points between two sizes of one picture."""

import numpy as np
import pytest

from saliency.errors import GroundTruthError
from saliency.gaze.frames import fit_density, move_points, same_proportions


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
