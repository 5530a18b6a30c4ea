"""How well people predict each other, against densities by SciPy and scores written out."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.stats import rankdata

from saliency import human_consistency as module
from saliency.errors import MetricError
from saliency.human_consistency import density_of_people, human_consistency, usual_blur

SHAPE = (48, 64)


def density(points, sigma, shape=SHAPE):
    counts = np.zeros(shape)
    np.add.at(counts, tuple(np.transpose(points)), 1)
    return gaussian_filter(counts, sigma, mode="constant", truncate=4)


def scores_at(values, points):
    """NSS and AUC of each fixation: the share of pixels with less, those with as much counting half."""
    at = tuple(np.transpose(points))
    ranks = (rankdata(values.ravel()) - 0.5) / values.size
    return ((values - values.mean()) / values.std())[at], ranks.reshape(values.shape)[at]


def gaze(seed=3, counts=(5, 1, 9)):
    """Fixations of several people, some at one place, in an order that mixes them, and their names."""
    rng = np.random.default_rng(seed)
    points = np.column_stack([rng.integers(10, 40, sum(counts)), rng.integers(5, 60, sum(counts))])
    points[1] = points[0]
    names = np.repeat([f"p{number}" for number in range(len(counts))], counts)
    order = rng.permutation(len(points))
    return points[order], names[order]


def test_each_fixation_is_scored_by_everybody_elses():
    points, names = gaze()
    found = human_consistency(points, names, SHAPE, blur=3)
    expected = [
        scores_at(density(points[names != name], 3), [point]) for point, name in zip(points, names, strict=True)
    ]
    assert found.participants == 3
    assert found.blur == 3
    assert pytest.approx(np.mean([nss for nss, _ in expected]), abs=1e-6) == found.NSS
    assert pytest.approx(np.mean([auc for _, auc in expected]), abs=5e-4) == found.AUC  # rounding parts ties


def test_people_who_fixate_the_same_pixel_predict_each_other_perfectly():
    points = np.array([[24, 32]] * 4)
    found = human_consistency(points, ["a", "a", "b", "c"], SHAPE, blur=4)
    assert pytest.approx(1 - 0.5 / (48 * 64)) == found.AUC  # no pixel has more, the fixated one as much


def test_people_who_fixate_other_places_do_not_predict_each_other():
    points = np.array([[8, 8], [40, 56]])
    found = human_consistency(points, ["a", "b"], SHAPE, blur=1)
    nowhere = np.count_nonzero(density(points[:1], 1) == 0)
    assert pytest.approx(nowhere / (2 * 48 * 64), abs=1e-3) == found.AUC
    assert found.NSS < 0


def test_fewer_than_two_names_give_no_number():
    points, _ = gaze()
    assert human_consistency(points, ["a"] * len(points), SHAPE) is None
    assert human_consistency(points, [""] * len(points), SHAPE) is None
    assert human_consistency(points, ["a", *[""] * (len(points) - 1)], SHAPE) is None
    assert human_consistency(np.empty((0, 2), int), [], SHAPE) is None


def test_fixations_of_nobody_named_are_left_out():
    points, names = gaze()
    added = np.concatenate([points, [[0, 0], [47, 63]]])
    assert human_consistency(added, [*names, "", ""], SHAPE) == human_consistency(points, names, SHAPE)


def test_a_large_picture_is_scored_at_a_smaller_size_with_the_blur_that_belongs_to_it():
    shape = (960, 1280)
    rng = np.random.default_rng(5)
    points = np.clip(rng.normal((400, 700), 120, (60, 2)), 0, (959, 1279)).astype(int)
    names = np.repeat(list("abcdef"), 10)
    found = human_consistency(points, names, shape)
    assert found.blur == pytest.approx(usual_blur(shape)) == pytest.approx(2 * 2 * 15.99, abs=0.05)
    whole = [
        np.mean(scores_at(density(points[names != n], found.blur, shape), points[names == n]), axis=1) for n in "abcdef"
    ]
    assert pytest.approx(tuple(np.mean(whole, axis=0)), rel=0.01) == (found.NSS, found.AUC)


def test_of_very_many_participants_some_are_scored_by_all_others(monkeypatch):
    points, names = gaze(counts=(2,) * 9)
    monkeypatch.setattr(module, "MOST", 3)
    found = human_consistency(points, names, SHAPE, blur=3)
    scored = [scores_at(density(points[names != n], 3), points[names == n])[1] for n in ("p0", "p4", "p8")]
    assert found.participants == 9
    assert pytest.approx(np.concatenate(scored).mean(), abs=5e-4) == found.AUC


def test_names_and_fixations_must_belong_together():
    with pytest.raises(MetricError, match="2 fixations need as many names, not 1"):
        human_consistency(np.array([[1, 2], [3, 4]]), ["a"], SHAPE)
    with pytest.raises(MetricError, match="outside"):
        human_consistency(np.array([[1, 2], [48, 4]]), ["a", "b"], SHAPE)


def test_the_density_of_all_has_its_peak_where_most_looked():
    shown = density_of_people(np.array([[100, 900], [100, 900], [600, 200]]), (800, 1280))
    assert shown.shape == (400, 640)
    assert np.unravel_index(shown.argmax(), shown.shape) == (50, 450)
    assert shown[300, 100] == pytest.approx(0.5, abs=0.01)
