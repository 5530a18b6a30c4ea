"""The scores of earlier papers: printed values, their algebra, and what they do to real fixations."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image

from saliency.metrics import auc20, nss, nss_density, nss_dilated, nss_support, sauc20
from saliency.metrics.fixations import exceedance
from saliency.metrics.legacy import FRAME, at_frame


def test_printed_values(example):
    assert auc20(example.prediction, example.density) == 1
    assert sauc20(example.prediction, example.density) == 0.75


def test_auc20_is_the_overlap_of_the_top_fifths():
    rng = np.random.default_rng(0)
    p, g = rng.random((2, 50, 40))
    hot, truth = p > np.percentile(p, 80), g > np.percentile(g, 80)
    sensitivity = (hot & truth).sum() / truth.sum()
    assert auc20(p, g) == pytest.approx(0.375 + 0.625 * sensitivity, abs=1e-3)


def test_sauc20_is_the_expectation_of_the_random_labels():
    rng = np.random.default_rng(1)
    g = rng.random((40, 50))
    p = g + 0.5 * rng.random((40, 50))
    hot, truth = (p > np.percentile(p, 80)).ravel(), (g > np.percentile(g, 80)).ravel()
    drawn = []
    for _ in range(400):
        labels = truth.copy()
        labels[rng.choice(np.flatnonzero(~truth), truth.sum(), replace=False)] = True
        drawn.append(exceedance(hot[labels].astype(int), hot[~labels].astype(int)))
    assert sauc20(p, g) == pytest.approx(np.mean(drawn), abs=2e-3)


def test_undefined_where_nothing_stands_out(example):
    empty = np.zeros((4, 5))
    assert math.isnan(auc20(example.prediction, empty))
    assert math.isnan(sauc20(example.prediction, empty))
    assert math.isnan(nss_support(example.prediction, empty))
    assert math.isnan(nss_density(example.prediction, empty))
    assert math.isnan(nss_dilated(example.prediction, np.empty((0, 2))))


def test_nss_over_the_support_and_over_the_density(example):
    p, g = example.prediction, example.density
    z = (p - p.mean()) / p.std()
    assert nss_support(p, g) == pytest.approx(z[g > 0].mean(), abs=1e-12)
    assert nss_density(p, g) == pytest.approx((z * g).sum() / g.sum(), abs=1e-12)


def test_resizing_dilates_real_fixations(sjtu_tis):
    fixated, touched, lost = [], [], []
    for path in sorted((sjtu_tis / "fixation_1800").glob("*.png"))[::40]:
        marks = Image.open(path).convert("L")
        if marks.size != (640, 480):
            continue
        fixations = np.argwhere(np.asarray(marks) > 127)
        prediction = np.asarray(Image.open(sjtu_tis / "map_1800" / path.name).convert("L"), dtype=float)
        fixated.append(len(fixations))
        touched.append((np.asarray(marks.resize(FRAME[::-1], Image.Resampling.BILINEAR)) > 0).sum())
        lost.append(nss(prediction, fixations) - nss_dilated(prediction, fixations))
    assert np.sum(touched) / np.sum(fixated) == pytest.approx(590 / 170, rel=0.15)
    assert 0 < np.mean(lost) < 0.15  # measured on other pictures of the set: 0.03 to 0.07


def test_maps_shrink_by_averaging():
    checks = np.indices((576, 768)).sum(axis=0) % 2
    assert at_frame(checks).shape == FRAME
    assert at_frame(checks)[5:-5, 5:-5] == pytest.approx(0.5, abs=1e-6)
