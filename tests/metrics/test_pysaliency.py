"""Agreement with pysaliency, the code of the MIT/Tübingen benchmark, wherever it defines the metric."""

from __future__ import annotations

import numpy as np
import pysaliency
import pytest
from pysaliency import metrics as theirs
from pysaliency.models import SaliencyMapNormalizingModel

from saliency import metrics as ours

SIZES = [(48, 64), (96, 64), (24, 128), (48, 64)]


class _Maps(pysaliency.SaliencyMapModel):
    """Given maps, found by their picture."""

    def __init__(self, stimuli, maps):
        super().__init__(caching=False)
        self._maps = dict(zip(stimuli.stimulus_ids, maps, strict=True))

    def _saliency_map(self, stimulus):
        return self._maps[pysaliency.datasets.get_image_hash(stimulus)]


@pytest.fixture(autouse=True)
def _numpy_as_pysaliency_knows_it(monkeypatch):
    monkeypatch.setattr(np, "trapz", np.trapezoid, raising=False)  # its name before NumPy 2.4


@pytest.fixture(scope="module")
def world():
    """Four pictures of several sizes, a map each with ties, and fixations with repeats."""
    rng = np.random.default_rng(11)
    stimuli = pysaliency.Stimuli([rng.integers(256, size=(*size, 3)).astype(np.uint8) for size in SIZES])
    maps = [np.round(rng.random(size), 2) for size in SIZES]
    densities = [rng.random(size) ** 4 for size in SIZES]
    points = [np.column_stack([rng.integers(h, size=40), rng.integers(w, size=40)]) for h, w in SIZES]
    points = [np.concatenate([p, p[:5]]) for p in points]
    return stimuli, maps, densities, points, _fixations(points)


def _fixations(points):
    x, y = np.concatenate(points)[:, 1], np.concatenate(points)[:, 0]
    n = np.repeat(np.arange(len(points)), [len(p) for p in points])
    return pysaliency.Fixations.create_without_history(x=x, y=y, n=n)


def test_maps_against_densities(world):
    _, maps, densities, _, _ = world
    for prediction, density in zip(maps, densities, strict=True):
        assert ours.cc(prediction, density) == pytest.approx(theirs.CC(prediction, density), abs=1e-6)
        assert ours.sim(prediction, density) == pytest.approx(theirs.SIM(prediction, density), abs=1e-6)
        assert ours.kl(prediction, density) == pytest.approx(theirs.MIT_KLDiv(prediction, density), abs=1e-6)
        assert ours.kl(prediction - 3, density) == pytest.approx(theirs.MIT_KLDiv(prediction - 3, density), abs=1e-6)


def test_degenerate_maps(world):
    _, _, densities, _, _ = world
    density = densities[0]
    for prediction in (np.zeros(SIZES[0]), np.ones(SIZES[0])):
        assert ours.cc(prediction, density) == theirs.CC(prediction, density) == 0
        assert ours.sim(prediction, density) == pytest.approx(theirs.SIM(prediction, density), abs=1e-6)
        assert ours.kl(prediction, density) == pytest.approx(theirs.MIT_KLDiv(prediction, density), abs=1e-6)


def test_nss(world):
    stimuli, maps, _, points, fixations = world
    values = _Maps(stimuli, maps).NSSs(stimuli, fixations)
    for n, prediction in enumerate(maps):
        assert ours.nss(prediction, points[n]) == pytest.approx(values[fixations.n == n].mean(), abs=1e-6)


def test_auc(world):
    stimuli, maps, _, points, fixations = world
    values = _Maps(stimuli, maps).AUC_per_image(stimuli, fixations, nonfixations="uniform")
    for n, prediction in enumerate(maps):
        assert ours.auc(prediction, points[n]) == pytest.approx(values[n], abs=1e-6)


def test_auc_judd(world):
    stimuli, _, densities, points, _ = world  # no ties: without jitter their order would decide
    unique = [np.unique(p, axis=0) for p in points]
    values = _Maps(stimuli, densities).AUC_per_image(
        stimuli, _fixations(unique), nonfixations="unfixated", thresholds="fixations"
    )
    for n, prediction in enumerate(densities):
        assert ours.auc_judd(prediction, points[n], jitter=False) == pytest.approx(values[n], abs=1e-6)


def test_shuffled_auc_of_the_evaluator(world):
    stimuli, maps, _, points, fixations = world
    values = _Maps(stimuli, maps).AUC_per_image(stimuli, fixations, nonfixations="shuffled")
    evaluator = ours.FixationEvaluator(metrics=["sAUC"])
    for n, prediction in enumerate(maps):
        evaluator.add(f"{n}", f"{n}", "pure", prediction, fixations=points[n])
    assert evaluator.rows()["sAUC"].to_numpy() == pytest.approx(np.array(values), abs=1e-6)


def test_information_gain(world):
    stimuli, maps, densities, points, fixations = world
    model, baseline = ([m + 0.01 for m in which] for which in (maps, densities))
    gains = SaliencyMapNormalizingModel(_Maps(stimuli, model)).information_gains(
        stimuli, fixations, SaliencyMapNormalizingModel(_Maps(stimuli, baseline))
    )
    for n in range(len(maps)):
        expected = gains[fixations.n == n].mean()
        assert ours.ig(model[n], points[n], baseline[n]) == pytest.approx(expected, abs=1e-6)


def test_density_of_fixations(world):
    stimuli, _, _, points, fixations = world
    reference = pysaliency.FixationMap(stimuli, fixations, kernel_size=23.99, convolution_mode="nearest")
    for n, size in enumerate(SIZES):
        expected = reference.saliency_map(stimuli[n])
        blurred = ours.density_from_fixations(points[n], size, profile="tuebingen")
        assert blurred == pytest.approx(expected / expected.max(), abs=1e-6)
