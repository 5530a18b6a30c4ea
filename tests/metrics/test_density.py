"""CC, SIM, KL and MSE against printed values, closed forms and the specification's table of edge cases."""

from __future__ import annotations

import math

import numpy as np
import pytest

from saliency.errors import MetricError
from saliency.metrics import cc, compare_maps, kl, mse, sim

TWO_BY_TWO = np.array([[1.0, 2], [3, 4]]), np.array([[4.0, 3], [2, 1]])


def test_printed_values_of_the_two_by_two_case():
    p, g = TWO_BY_TWO
    assert cc(p, g) == pytest.approx(-1, abs=1e-12)
    assert sim(p, g) == pytest.approx(0.6, abs=1e-12)
    assert sim(p, g, minmax=True) == pytest.approx(0.3333333, abs=1e-7)
    assert kl(p, g) == pytest.approx(0.4564348, abs=1e-7)


def test_printed_values_of_the_four_by_five_case(example):
    p, g = example.prediction, example.density
    assert cc(p, g) == pytest.approx(0.9635461, abs=1e-7)
    assert sim(p, g) == pytest.approx(0.8733333, abs=1e-7)
    assert kl(p, g) == pytest.approx(0.0880884, abs=1e-7)
    assert kl(g, p) == pytest.approx(2.0854134, abs=1e-7)
    assert mse(p, g, minmax=True) == pytest.approx(0.009375, abs=1e-12)
    assert mse(p / 8, g / 4) == pytest.approx(0.009375, abs=1e-12)
    missed = p.copy()
    missed[2, 2] = 0
    assert kl(missed, g) == pytest.approx(5.4124870, abs=1e-7)


def test_two_cells_have_closed_forms():
    # Distributions (a, 1 - a) and (b, 1 - b).
    a, b = 0.3, 0.8
    p, g = np.array([[a, 1 - a]]) * 7, np.array([[b, 1 - b]]) * 3
    assert kl(p, g) == pytest.approx(b * math.log(b / a) + (1 - b) * math.log((1 - b) / (1 - a)), abs=1e-12)
    assert sim(p, g) == pytest.approx(1 - abs(a - b), abs=1e-12)
    assert cc(p, g) == pytest.approx(-1, abs=1e-12)


@pytest.mark.parametrize("constant", [0.1, 3.0, 0.0])
def test_a_constant_prediction_knows_nothing(example, constant):
    p, g = np.full((4, 5), constant), example.density
    q = (g / g.sum())[g > 0]
    assert cc(p, g) == 0
    assert sim(p, g) == pytest.approx(np.minimum(g / g.sum(), 1 / 20).sum(), abs=1e-12)
    assert kl(p, g) == pytest.approx(math.log(20) + (q * np.log(q)).sum(), abs=1e-12)


def test_an_empty_density_has_no_score(example):
    empty = np.zeros((4, 5))
    for metric in (cc, sim, kl):
        assert math.isnan(metric(example.prediction, empty))
    assert mse(example.prediction / 8, empty) == pytest.approx(np.mean((example.prediction / 8) ** 2), abs=1e-12)


def test_a_constant_density_has_no_correlation(example):
    p, uniform = example.prediction, np.full((4, 5), 0.1)
    assert math.isnan(cc(p, uniform))
    assert 0 < sim(p, uniform) < 1
    assert kl(p, uniform) > 0
    assert math.isnan(cc(3 * uniform, uniform))
    assert sim(3 * uniform, uniform) == pytest.approx(1, abs=1e-12)
    assert kl(3 * uniform, uniform) == pytest.approx(0, abs=1e-12)


def test_the_matlab_benchmark_keeps_a_prediction_of_zeros(example):
    zeros, g = np.zeros((4, 5)), example.density
    q = (g / g.sum())[g > 0]
    assert sim(zeros, g, minmax=True) == 0
    assert math.isnan(sim(zeros + 2, g, minmax=True))
    value = kl(zeros, g, zeros_as_uniform=False)
    assert value == pytest.approx((q * np.log(q)).sum() - math.log(2.2204e-16), abs=1e-9)
    assert value == pytest.approx(36, abs=3)
    assert kl(zeros + 2, g, zeros_as_uniform=False) == kl(zeros + 2, g)


def test_negative_predictions_are_lifted_for_distributions(example):
    p, g = example.prediction, example.density
    assert kl(p - 5, g) == pytest.approx(kl(p, g), abs=1e-12)
    assert sim(p - 5, g) == pytest.approx(sim(p, g), abs=1e-12)
    assert cc(p - 5, g) == pytest.approx(cc(p, g), abs=1e-12)


@pytest.mark.parametrize("scale", [1e-9, 0.2, 1e6])
def test_invariance(scale):
    rng = np.random.default_rng(0)
    p, g = rng.random((2, 30, 40))
    assert cc(p * scale + 3 * scale, g) == pytest.approx(cc(p, g), abs=1e-9)
    assert kl(p * scale, g) == pytest.approx(kl(p, g), abs=1e-9)
    assert sim(p * scale, g) == pytest.approx(sim(p, g), abs=1e-9)
    assert sim(p, g) == sim(g, p)
    assert 0 <= sim(p, g) <= 1
    assert kl(p, g) > 0
    assert kl(g, g * scale) == pytest.approx(0, abs=1e-9)


def test_inputs_that_cannot_be_scored_are_refused(example):
    for value in (np.nan, np.inf):
        broken = example.prediction.copy()
        broken[1, 1] = value
        for metric in (cc, sim, kl, mse):
            with pytest.raises(MetricError, match="NaN or infinite"):
                metric(broken, example.density)
    with pytest.raises(MetricError, match="shape"):
        cc(example.prediction, example.density.T)
    with pytest.raises(MetricError, match="negative"):
        kl(example.prediction, example.density - 1)
    with pytest.raises(MetricError, match="height x width"):
        kl(example.prediction[None], example.density)
    with pytest.raises(MetricError, match="from 0 to 1"):
        mse(example.prediction, example.density / 4)


def test_compare_maps_takes_the_second_map_as_the_truth():
    result = compare_maps(*TWO_BY_TWO)
    assert result == pytest.approx({"CC": -1, "KL": 0.4564348, "SIM": 0.6}, abs=1e-7)
    peaked, wide = np.array([[1.0, 0]]), np.array([[1.0, 1]])
    assert compare_maps(wide, peaked)["KL"] == pytest.approx(math.log(2), abs=1e-12)
    assert compare_maps(peaked, wide)["KL"] > 10
