import numpy as np
import pytest

from saliency.map_summary import Moved, Where, area_of_half, moved, where


def spot(row, column, size=30):
    density = np.full((size, size), 0.001)
    density[row, column] = 9
    return density


def test_half_of_a_uniform_density_needs_half_of_the_picture():
    assert area_of_half(np.ones((10, 20))) == pytest.approx(0.5)


def test_half_of_a_peak_needs_one_pixel():
    density = np.zeros((10, 10))
    density[3, 4] = 1
    assert area_of_half(density) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("row", "column", "place"), [(0, 0, (0, 0)), (0, 29, (0, 2)), (15, 15, (1, 1)), (29, 15, (2, 1))]
)
def test_the_heaviest_ninth_is_found(row, column, place):
    found = where(spot(row, column))
    assert (found.place, found.share) == (place, pytest.approx((9 + 99 * 0.001) / (9 + 899 * 0.001)))


def test_peak_and_spread_are_reported():
    density = np.zeros((10, 10), dtype=np.float32)
    density[2, 4] = 1
    assert where(density) == Where(half=0.01, place=(0, 1), share=1.0, peak=(0.45, 0.25))


def test_what_moved_is_reported_with_where_from_and_where_to():
    before = np.zeros((9, 9))
    before[0, 0] = 4  # of any sum
    after = np.zeros((9, 9))
    after[0, 0], after[8, 4] = 3, 1
    assert moved(after, before) == Moved(share=0.25, source=(0, 0), target=(2, 1))
    assert moved(after, after).share == 0
