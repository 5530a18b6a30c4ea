"""Density maps: values that cannot be one, and those that can after a little work."""

from __future__ import annotations

import numpy as np
import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import GazeOptions, read_density
from tests.gaze.files import encoded, npy
from tests.gaze.test_fixation_maps import discs, dotted, grid

ROWS, COLUMNS = np.mgrid[:30, :40]
DENSITY = np.exp(-((ROWS - 10) ** 2 + (COLUMNS - 25) ** 2) / 50)
DENSITY /= DENSITY.sum()
LOG = GazeOptions(log=True)


@pytest.mark.parametrize("shape", [(1, 30, 40), (1, 1, 30, 40), (30, 40, 1), (1, 30, 40, 1)])
def test_axes_of_length_one_are_dropped(shape):
    assert np.array_equal(read_density(npy(DENSITY.reshape(shape))).values, DENSITY)


def test_rounding_below_zero_is_clipped_with_a_notice():
    density = DENSITY.copy()
    density[0, 0] = -1e-9 * DENSITY.max()
    read = read_density(npy(density))
    assert read.values[0, 0] == 0
    assert np.array_equal(read.values.ravel()[1:], DENSITY.ravel()[1:])
    assert read.notices == ("Values just below zero, from rounding, were set to zero.",)


def test_more_than_rounding_is_refused():
    density = DENSITY.copy()
    density[0, 0] = -0.01 * DENSITY.max()
    with pytest.raises(GroundTruthError, match="not negative"):
        read_density(npy(density))


@pytest.mark.parametrize("logarithm", [np.log, np.log2, np.log10])
@pytest.mark.parametrize("scale", [1, DENSITY.size], ids=["sums to 1", "1 in the mean"])
def test_logarithms_are_recognised_and_read_on_request(logarithm, scale):
    values = logarithm(DENSITY * scale)
    with pytest.raises(GroundTruthError, match="look like logarithms"):
        read_density(npy(values))
    read = read_density(npy(values), LOG)
    np.testing.assert_allclose(read.values / read.values.sum(), DENSITY, rtol=1e-9)
    assert f"to the base {({np.log: 'e', np.log2: '2', np.log10: '10'})[logarithm]}." in read.notices[0]


def test_logarithms_without_a_scale_are_natural_ones():
    read = read_density(npy(np.log(DENSITY) - 1000), LOG)
    np.testing.assert_allclose(read.values / read.values.sum(), DENSITY, rtol=1e-9)


def test_the_logarithm_of_nothing_is_zero():
    with np.errstate(divide="ignore"):
        values = np.log(np.where(DENSITY > 1e-6, DENSITY, 0))
    density = read_density(npy(values), LOG).values
    assert np.array_equal(density > 0, DENSITY > 1e-6)
    for bad in (np.nan, np.inf):
        with pytest.raises(GroundTruthError, match="below infinity"):
            read_density(np.full((30, 40), bad), LOG)


@pytest.mark.parametrize(
    "fixations",
    [
        dotted(),
        dotted(1),
        discs(grid(30), 4),
        dotted(3) + dotted(0),
        np.minimum(dotted(2), discs(grid(3), 0) // 85 + 1),
    ],
)
def test_fixations_are_no_density(fixations):
    with pytest.raises(GroundTruthError, match="look like fixations and not like a density map"):
        read_density(encoded(fixations))


def test_a_mask_and_a_narrow_density_are_densities():
    mask = np.zeros((480, 640), np.uint8)
    mask[100:200, 100:300] = 255
    assert read_density(encoded(mask)).values.sum() == 255 * 20_000
    narrow = np.zeros((480, 640))
    narrow[235:246, 315:326] = np.round(np.outer(np.hanning(11), np.hanning(11)), 3)
    assert np.array_equal(read_density(npy(narrow)).values, narrow)
