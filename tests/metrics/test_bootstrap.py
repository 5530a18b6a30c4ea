"""Intervals against the normal theory of the mean."""

from __future__ import annotations

import numpy as np
import pytest

from saliency.metrics.bootstrap import mean_interval, resamples


def test_the_interval_is_that_of_the_normal_theory():
    values = np.random.default_rng(0).normal(3, 2, size=(1, 400))
    interval = mean_interval(values, resamples(400))
    half = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.1 * half)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.1 * half)


def test_draws_keep_a_picture_together():
    # Two conditions that cancel picture by picture: their mean is certain, each alone is not.
    first = np.random.default_rng(1).normal(size=50)
    interval = mean_interval(np.stack([first, -first]), resamples(50))
    assert interval.high - interval.low == pytest.approx(0, abs=1e-12)
    alone = mean_interval(first[None], resamples(50))
    assert alone.high - alone.low > 0.2


def test_conditions_count_alike_and_missing_values_do_not():
    values = np.array([[1.0, 1, 1, 1], [np.nan, np.nan, np.nan, 3]])
    assert mean_interval(values, resamples(4)).mean == 2
    assert np.isnan(mean_interval(values * np.nan, resamples(4)).mean)


def test_the_seed_decides():
    assert np.array_equal(resamples(9, seed=4), resamples(9, seed=4))
    assert not np.array_equal(resamples(9, seed=4), resamples(9, seed=5))
    assert (resamples(9).sum(axis=1) == 9).all()
