"""Density maps of fixations: the rules' widths, SciPy, and the public maps of SJTU-TIS."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from saliency.errors import MetricError
from saliency.metrics import BLURS, density_from_fixations
from saliency.metrics.ground_truth import Blur, canvas_sigma


def grey(path):
    return np.asarray(Image.open(path).convert("L"), dtype=float)


@pytest.mark.parametrize(
    ("shape", "cutoff", "sigma"), [((480, 640), 6, 31.98), ((375, 500), 6, 15.99), ((640, 480), 8, 23.99)]
)
def test_the_width_depends_on_the_canvas(shape, cutoff, sigma):
    assert canvas_sigma(shape, cutoff) == pytest.approx(sigma, abs=5e-3)


@pytest.mark.parametrize(("profile", "sigma"), [("sjtu_tis", 31.983), ("mit_classic", 23.987), ("salicon", 19)])
def test_one_fixation_becomes_a_gaussian(profile, sigma):
    density = density_from_fixations([(240, 300)], (480, 640), profile)
    rows, columns = np.mgrid[:480, :640]
    expected = np.exp(-((rows - 240) ** 2 + (columns - 300) ** 2) / (2 * sigma**2))
    assert np.abs(density - expected).max() < 1e-3
    assert density.max() == 1
    assert density.min() >= 0


def test_salicon_reflects_at_the_border():
    f = np.array([(3, 5), (60, 100), (3, 5)])
    counts = np.zeros((80, 120))
    counts[tuple(f.T)] = 1
    expected = gaussian_filter(counts, 19)
    expected -= expected.min()
    assert density_from_fixations(f, (80, 120), "salicon") == pytest.approx(expected / expected.max(), abs=1e-6)


def test_repeats_count_where_the_rule_says_so():
    once, twice = [(20, 20), (20, 90)], [(20, 20), (20, 90), (20, 90)]
    for profile, blur in BLURS.items():
        same = np.allclose(
            density_from_fixations(once, (64, 128), profile), density_from_fixations(twice, (64, 128), profile)
        )
        assert same is not blur.repeats


def test_a_rule_of_ones_own():
    density = density_from_fixations([(30, 40), (30, 40), (5, 90)], (64, 128), Blur(sigma=3, repeats=True))
    assert density[30, 40] == 1
    assert density[33, 40] == pytest.approx(np.exp(-0.5), abs=1e-3)
    assert density[5, 90] == pytest.approx(0.5, abs=1e-3)


def test_no_fixations_and_unknown_rules():
    assert not density_from_fixations(np.empty((0, 2)), (4, 5)).any()
    with pytest.raises(MetricError, match="sjtu_tis"):
        density_from_fixations([(1, 1)], (4, 5), "gaussian")


def test_the_public_maps_are_reproduced(sjtu_tis):
    widths = set()
    for path in sorted((sjtu_tis / "map_1800").glob("*.png"))[::60]:
        published = grey(path)
        fixated = grey(sjtu_tis / "fixation_1800" / path.name) > 127
        rebuilt = density_from_fixations(fixated, published.shape)
        assert np.corrcoef(rebuilt.ravel(), published.ravel())[0, 1] > 0.999, path.name
        widths.add(max(published.shape))
    assert min(widths) <= 512 < max(widths), "both canvas sizes should be among the samples"
    assert math.isclose(rebuilt.max(), 1)
