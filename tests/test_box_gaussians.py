"""One Gaussian for arrays and tensors, against the closed form."""

import math

import numpy as np
import torch

from saliency.box_gaussians import SPREAD, side_profiles

CENTRES, SIDES = np.array([0.5, 0.25, 0.9]), np.array([0.26, 0.52, 0.001])


def test_it_is_a_gaussian_around_the_centre_as_wide_as_the_side_says():
    profile = side_profiles(CENTRES, SIDES, 100)
    assert profile.shape == (3, 100)
    for row, (centre, side) in enumerate(zip(CENTRES, SIDES, strict=True)):
        deviation = max(side, 1 / 100) / SPREAD  # a side counts as one cell at least
        expected = [math.exp(-(((cell + 0.5) / 100 - centre) ** 2) / (2 * deviation**2)) for cell in range(100)]
        np.testing.assert_allclose(profile[row], expected, rtol=1e-9)


def test_tensors_have_the_same_one():
    tensors = side_profiles(torch.from_numpy(CENTRES), torch.from_numpy(SIDES), 40)
    assert tensors.dtype == torch.float64
    # torch counts cells in float32
    np.testing.assert_allclose(tensors.numpy(), side_profiles(CENTRES, SIDES, 40), atol=1e-5)
