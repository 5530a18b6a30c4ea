"""The intervals that the browser computes (resampling.js), against those of the package and closed forms."""

from __future__ import annotations

import json

import numpy as np
import pytest

from saliency.metrics.bootstrap import mean_interval, resamples
from saliency.ui import component

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def intervals(browser):
    """Calls `meanIntervals(lists, pictures)`."""
    page = browser.new_page()
    script = (component.FOLDER / "resampling.js").read_text(encoding="utf-8")
    yield lambda lists, pictures: page.evaluate(
        f"() => {{ {script} return meanIntervals({json.dumps(lists)}, {json.dumps(pictures)}); }}"
    )
    page.close()


def test_they_are_those_of_the_package(intervals):
    generator = np.random.default_rng(1)
    values = generator.gamma(2.0, size=(2, 400))
    values[1, :100] = np.nan
    lists = [[None if np.isnan(value) else value for value in row] for row in values.tolist()]
    draws = resamples(400, n=20_000)
    for told, row in zip(intervals(lists, [f"p{i}" for i in range(400)]), values, strict=True):
        expected = mean_interval(row[None], draws)
        width = expected.high - expected.low
        assert told["mean"] == pytest.approx(expected.mean)
        # With 1,000 resamples the standard error of an end is 0.02 widths.
        assert told["low"] == pytest.approx(expected.low, abs=0.08 * width)
        assert told["high"] == pytest.approx(expected.high, abs=0.08 * width)
        assert told["n"] == np.isfinite(row).sum()


def test_what_belongs_to_a_picture_is_drawn_together(intervals):
    """Four samples of each picture that say the same are as uncertain as one, not half as uncertain."""
    values = np.random.default_rng(2).normal(size=100)
    [single] = intervals([values.tolist()], list(range(100)))
    [fourfold] = intervals([np.repeat(values, 4).tolist()], np.repeat(range(100), 4).tolist())
    assert fourfold["n"] == 400
    assert fourfold["low"] == pytest.approx(single["low"])
    assert fourfold["high"] == pytest.approx(single["high"])


def test_the_same_selection_gets_the_same_interval(intervals):
    values, pictures = list(range(50)), [i // 4 for i in range(50)]
    assert intervals([values], pictures) == intervals([values, values], pictures)[1:]


def test_what_does_not_vary_is_certain_and_what_is_not_there_has_no_interval(intervals):
    assert intervals([[0.5] * 9, [None] * 9], list(range(9))) == [
        {"mean": 0.5, "low": 0.5, "high": 0.5, "n": 9},
        {"mean": None, "low": None, "high": None, "n": 0},
    ]
    assert intervals([[]], []) == [{"mean": None, "low": None, "high": None, "n": 0}]
