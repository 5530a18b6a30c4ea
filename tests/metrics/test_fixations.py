"""NSS, the AUCs and IG against printed values, SciPy, closed forms and the specification's table of edge cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from saliency.errors import MetricError
from saliency.metrics import auc, auc_borji, auc_judd, ig, nss, sauc, sauc_classic
from saliency.metrics.fixations import exceedance
from saliency.resizing import move_points

NONE = np.empty((0, 2), dtype=int)


@pytest.fixture
def scene():
    """A random map with repeats among its fixations and a pool from elsewhere."""
    rng = np.random.default_rng(7)
    prediction = rng.random((48, 64))
    fixations = np.column_stack([rng.integers(48, size=60), rng.integers(64, size=60)])
    others = np.column_stack([rng.integers(48, size=300), rng.integers(64, size=300)])
    return prediction, np.concatenate([fixations, fixations[:7]]), others


def test_printed_values_of_the_two_by_two_case():
    p, f = [[1, 2], [3, 4]], [(1, 1)]
    assert nss(p, f) == pytest.approx(1.3416408, abs=1e-7)
    assert nss(p, f, classic=True) == pytest.approx(1.1618950, abs=1e-7)
    assert auc(p, f) == 0.875
    assert auc_judd(p, f, jitter=False) == 1


def test_printed_values_of_the_four_by_five_case(example):
    p, f = example.prediction, example.fixations
    deduplicated = np.unique(f, axis=0)
    assert auc(p, f) == pytest.approx(0.875, abs=1e-12)
    assert auc(p, deduplicated) == pytest.approx(0.8666667, abs=1e-7)
    fixated = np.zeros(p.shape, dtype=bool)
    fixated[tuple(f.T)] = True
    assert exceedance(p[fixated], p[~fixated]) == pytest.approx(0.9313725, abs=1e-7)
    assert auc_judd(p, f, jitter=False) == pytest.approx(0.9411765, abs=1e-7)
    assert sauc(p, f, example.others) == pytest.approx(0.75, abs=1e-12)
    assert nss(p, f) == pytest.approx(1.5, abs=1e-12)
    # The printed value is for the sample deviation with repeats; `classic` counts pixels once.
    assert nss(p, f) * math.sqrt(19 / 20) == pytest.approx(1.4620192, abs=1e-7)
    assert nss(p, f, classic=True) == pytest.approx((8 + 6 + 4 - 9) / 3 / p.std(ddof=1), abs=1e-12)
    assert ig(p, f, np.ones(p.shape)) == pytest.approx(0.9575187, abs=1e-7)


def test_exceedance_is_the_mann_whitney_statistic():
    rng = np.random.default_rng(0)
    positives, negatives = rng.integers(10, size=40), rng.integers(8, size=70)  # many ties
    expected = mannwhitneyu(positives, negatives).statistic / (40 * 70)
    assert exceedance(positives, negatives) == pytest.approx(expected, abs=1e-12)
    assert exceedance(negatives, positives) == pytest.approx(1 - expected, abs=1e-12)


def test_rows_and_columns_are_not_swapped():
    p = np.zeros((3, 5))
    p[1, 4] = 1
    assert auc(p, [(1, 4)]) == pytest.approx(1 - 0.5 / 15)
    assert nss(p, [(1, 4)]) == pytest.approx(math.sqrt(14))
    assert nss(p, p.astype(bool)) == nss(p, [(1, 4)])
    with pytest.raises(MetricError, match="outside"):
        auc(p, [(4, 1)])


def test_rank_metrics_depend_on_the_order_only(scene):
    p, f, others = scene
    for change in (lambda x: 3 * x + 2, lambda x: np.exp(5 * x), lambda x: x - 10):
        assert auc(change(p), f) == pytest.approx(auc(p, f), abs=1e-12)
        assert sauc(change(p), f, others) == pytest.approx(sauc(p, f, others), abs=1e-12)
        assert auc_judd(change(p), f, jitter=False) == pytest.approx(auc_judd(p, f, jitter=False), abs=1e-12)
    assert auc(-p, f) == pytest.approx(1 - auc(p, f), abs=1e-12)
    assert sauc(-p, f, others) == pytest.approx(1 - sauc(p, f, others), abs=1e-12)
    assert nss(4 * p + 9, f) == pytest.approx(nss(p, f), abs=1e-9)
    assert nss(-p, f) == pytest.approx(-nss(p, f), abs=1e-12)


@pytest.mark.parametrize("constant", [0.0, 0.1, 5.0])
def test_a_constant_map_knows_nothing(example, constant):
    p = np.full((4, 5), constant)
    f, others = example.fixations, example.others
    assert auc(p, f) == 0.5
    assert sauc(p, f, others) == 0.5
    assert nss(p, f) == 0
    assert nss(p, f, classic=True) == 0
    assert math.isnan(auc_borji(p, f))
    assert math.isnan(sauc_classic(p, f, others))
    assert math.isnan(auc_judd(p, f, jitter=False))
    assert 0 <= auc_judd(p, f) <= 1
    assert ig(p, f, np.ones((4, 5))) == pytest.approx(0, abs=1e-12)


def test_without_fixations_nothing_is_scored(example):
    p, others = example.prediction, example.others
    values = [nss(p, NONE), auc(p, NONE), sauc(p, NONE, others), auc_judd(p, NONE), auc_borji(p, NONE)]
    values += [sauc_classic(p, NONE, others), ig(p, NONE, np.ones(p.shape))]
    values += [sauc(p, others, NONE), sauc_classic(p, others, NONE), auc_borji(p, [(1, 1), (1, 1)])]
    assert all(math.isnan(value) for value in values)


def test_values_that_are_not_finite_are_refused(example):
    p, f, others = example.prediction.copy(), example.fixations, example.others
    p[0, 0] = np.nan
    for score in (nss, auc, auc_judd, auc_borji):
        with pytest.raises(MetricError, match="NaN or infinite"):
            score(p, f)
    for score in (sauc, sauc_classic):
        with pytest.raises(MetricError, match="NaN or infinite"):
            score(p, f, others)


def test_fixations_that_are_no_pixels_are_refused(example):
    for wrong, message in (
        ([(0.5, 1)], "whole"),
        ([(1, 2, 3)], "pairs"),
        ([(-1, 0)], "outside"),
        ([(4, 0)], "outside"),
    ):
        with pytest.raises(MetricError, match=message):
            nss(example.prediction, wrong)
    with pytest.raises(MetricError, match="outside"):
        nss(example.prediction, [(-1, 0)])
    with pytest.raises(MetricError, match="fixation map"):
        nss(example.prediction, np.zeros((5, 4), dtype=bool))


def test_judd_jitter_only_breaks_ties(scene):
    p, f, _ = scene
    assert auc_judd(p, f, seed=1) == pytest.approx(auc_judd(p, f, jitter=False), abs=1e-4)
    tied = np.round(p, 1)
    assert auc_judd(tied, f, seed=1) == auc_judd(tied, f, seed=1)
    assert auc_judd(tied, f, seed=1) != auc_judd(tied, f, seed=2)
    assert math.isnan(auc_judd(p, np.ones(p.shape, dtype=bool)))


def test_borji_draws_converge_to_the_exact_area(scene):
    p, f, _ = scene
    unique = np.unique(f, axis=0)
    value = auc_borji(p, f, splits=4000, step="exact", seed=3)
    assert value == pytest.approx(auc(p, unique), abs=3e-3)
    assert auc_borji(p, f, splits=4000, seed=3) == pytest.approx(auc(p, unique), abs=1e-2)
    assert auc_borji(p, f, seed=3) == auc_borji(p, f, seed=3)
    # On a map of two values every threshold above 0 is the same one, and the trapezoid is exact.
    binary = (p > 0.7).astype(float)
    assert auc_borji(binary, f, seed=3) == pytest.approx(auc_borji(binary, f, seed=3, step="exact"), abs=1e-12)


def test_coarse_thresholds_by_hand():
    # Positives .95 and .55, negatives .15 and .58. In steps of .1 the ROC is (0,0) (0,.5) (.5,1) (1,1); exactly, three
    # of four pairs are ordered rightly.
    p = np.array([[0.0, 0.95, 0.55], [1.0, 0.15, 0.58]])
    positives, negatives = [(0, 1), (0, 2)], [(1, 1), (1, 2), (1, 2)]
    assert sauc_classic(p, positives, negatives) == pytest.approx(0.875, abs=1e-12)
    assert sauc_classic(p, positives, negatives, step="exact") == pytest.approx(0.75, abs=1e-12)


def test_classic_shuffled_auc_takes_subsets_without_repeats(scene):
    p, f, others = scene
    unique_f, unique_others = np.unique(f, axis=0), np.unique(others, axis=0)
    few = others[:20]
    assert sauc_classic(p, f, few, step="exact") == pytest.approx(sauc(p, unique_f, np.unique(few, axis=0)), abs=1e-12)
    many = sauc_classic(p, f, others, splits=4000, step="exact")
    assert many == pytest.approx(sauc(p, unique_f, unique_others), abs=3e-3)


def test_information_gain_counts_bits(example):
    # Half of the mass on one pixel against a uniform baseline of 20 pixels: log2(10) bits.
    p = np.full((4, 5), 0.5 / 19)
    p[2, 3] = 0.5
    assert ig(p, [(2, 3)], np.ones((4, 5))) == pytest.approx(math.log2(10), abs=1e-9)
    assert ig(p, example.fixations, p) == 0
    scaled = ig(example.prediction + 7, example.fixations, example.density, minmax=True)
    assert scaled == pytest.approx(ig(example.prediction, example.fixations, example.density), abs=1e-9)
    with pytest.raises(MetricError, match="empty"):
        ig(p, [(2, 3)], np.zeros((4, 5)))


def test_fixations_move_with_their_picture():
    points = np.array([(0, 0), (479, 639), (240, 320), (3, 3)])
    moved = move_points(points, (480, 640), (240, 320))
    assert moved.tolist() == [[0, 0], [239, 319], [120, 160], [1, 1]]
    assert move_points(moved, (240, 320), (480, 640)).max(axis=0).tolist() == [478, 638]
