"""Agreement between annotators, against published values and scikit-learn."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from saliency.annotation.agreement import agreement_of, cohen_kappa, fleiss_kappa, mean_pairwise_iou

# Fleiss, Psychological Bulletin 76 (1971), has 30 subjects; this is the usual small example of 10 items, 5 categories
# and 14 raters, whose kappa is .210.
USUAL = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def test_fleiss_kappa_has_the_published_value():
    assert fleiss_kappa(USUAL, np.ones(10)) == pytest.approx(0.210, abs=5e-4)


def test_an_item_that_weighs_two_counts_as_two():
    twice = np.concatenate([USUAL, USUAL[:3]])
    weights = np.array([2.0] * 3 + [1.0] * 7)
    assert fleiss_kappa(USUAL, weights) == pytest.approx(fleiss_kappa(twice, np.ones(13)))


def test_cohen_kappa_is_scikit_learns():
    rng = np.random.default_rng(0)
    one, other, weights = rng.random(50) < 0.4, rng.random(50) < 0.6, rng.integers(1, 100, 50)
    expected = cohen_kappa_score(one, other, sample_weight=weights)
    assert cohen_kappa(one, other, weights) == pytest.approx(expected)


@pytest.mark.parametrize(("same", "expected"), [(True, 1.0), (False, -1.0)])
def test_perfect_agreement_and_its_opposite(same, expected):
    one, weights = np.array([True, False]), np.array([5, 5])
    other = one if same else ~one
    assert cohen_kappa(one, other, weights) == pytest.approx(expected)
    counts = np.stack([one.astype(int) + other, 2 - one - other], axis=1)
    assert fleiss_kappa(counts, weights) == pytest.approx(expected)
    assert mean_pairwise_iou([one, other], weights) == (1.0 if same else 0.0)


def test_where_only_chance_agrees_kappa_is_not_defined():
    nothing, weights = np.zeros(3, dtype=bool), np.ones(3)
    assert math.isnan(cohen_kappa(nothing, nothing, weights))
    assert math.isnan(fleiss_kappa(np.array([[0, 2]] * 3), weights))
    assert mean_pairwise_iou([nothing, nothing], weights) == 1


def test_iou_of_three_is_the_mean_of_three_pairs():
    ratings = np.array([[1, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=bool)
    assert mean_pairwise_iou(list(ratings), np.array([2, 6, 1])) == pytest.approx((2 / 8 + 0 + 0) / 3)


def test_pictures_of_one_annotator_do_not_count():
    areas = np.array([10, 30, 60])
    alone = (areas, {"Ann": {0}})
    assert agreement_of([alone]) is None
    both = (areas, {"Ann": {0, 1}, "Bob": {0}})
    three = (np.array([50, 50]), {"Ann": {0}, "Bob": {0}, "Cy": {1}})
    found = agreement_of([alone, both, three])
    assert found.pictures == 2
    assert found.iou == pytest.approx((10 / 40 + (1 + 0 + 0) / 3) / 2)
    # Of Ann and Bob 200 pixels: both 60, neither 110, Ann alone 30.
    chance = 0.45 * 0.3 + 0.55 * 0.7
    assert found.cohen["Ann", "Bob"] == pytest.approx((0.85 - chance) / (1 - chance))
    assert found.cohen["Ann", "Cy"] == pytest.approx(-1)
    assert set(found.cohen) == {("Ann", "Bob"), ("Ann", "Cy"), ("Bob", "Cy")}
    # Pixels 10 of (2, 0), 30 of (1, 1), 60 of (0, 2), 50 of (2, 1), 50 of (1, 2).
    observed = (10 + 0 + 60 + 50 / 3 + 50 / 3) / 200
    yes = (20 + 30 + 100 + 50) / 500
    chance = yes**2 + (1 - yes) ** 2
    assert found.fleiss == pytest.approx((observed - chance) / (1 - chance))
