import numpy as np
import pytest

from saliency.ui.description import area_of_half, describe, heaviest_place


def test_half_of_a_uniform_density_needs_half_of_the_picture():
    assert area_of_half(np.ones((10, 20))) == pytest.approx(0.5)


def test_half_of_a_peak_needs_one_pixel():
    density = np.zeros((10, 10))
    density[3, 4] = 1
    assert area_of_half(density) == pytest.approx(0.01)


@pytest.mark.parametrize(
    ("row", "column", "name"),
    [(0, 0, "the top left"), (0, 29, "the top right"), (15, 15, "the centre"), (29, 15, "the bottom")],
)
def test_the_heaviest_ninth_is_named(row, column, name):
    density = np.full((30, 30), 0.001)
    density[row, column] = 9
    assert heaviest_place(density) == (name, pytest.approx((9 + 99 * 0.001) / (9 + 899 * 0.001)))


def test_the_sentence_tells_peak_and_spread():
    density = np.zeros((10, 10), dtype=np.float32)
    density[2, 4] = 1
    assert describe(density) == (
        "Half of the gaze lies on 1% of the picture, most of it at the top (100%); "
        "the peak is 45% from the left and 25% from the top."
    )
