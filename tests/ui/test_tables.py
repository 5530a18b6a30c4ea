from itertools import product

import numpy as np
import pytest

from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.ui.tables import GroundTruth, against, agreement, moved


@pytest.fixture
def maps(comparison):
    return {(p.model, p.condition): p.density for p in comparison.predictions}


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_each_sentence_is_compared_with_the_same_models_pure_map(comparison, maps):
    table = moved(comparison, maps)
    written = [condition for condition in comparison.conditions if condition is not Condition.PURE]
    assert [row[:2] for row in table.rows] == [(m, c.value) for m, c in product(("one", "two"), written)]
    for (model, condition), row in zip(product(("one", "two"), written), table.rows, strict=True):
        p, g = (maps[model, c].astype(np.float64) for c in (condition, Condition.PURE))
        p, g = p / p.sum(), g / g.sum()
        assert row[2:] == pytest.approx(
            (correlation(p, g), (g * np.log(g / p)).sum(), np.minimum(p, g).sum()), abs=1e-6
        )


def test_agreement_is_the_mean_correlation_of_pairs(comparison, maps):
    rows = agreement(comparison, maps).rows
    for condition, row in zip(comparison.conditions, rows, strict=True):
        assert row == (condition.value, pytest.approx(correlation(maps["one", condition], maps["two", condition])))


def test_without_a_sentence_or_a_second_model_there_is_nothing_to_compare(comparison, maps):
    alone = type(comparison)(comparison.picture, comparison.predictions[:1], {})
    assert moved(alone, maps) is None
    assert agreement(alone, maps) is None


def test_a_model_is_right_about_its_own_map(comparison):
    own = comparison.get("one", Condition.SALIENT).density
    fixations = np.argwhere(own >= np.sort(own, axis=None)[-5])
    table = against(GroundTruth(Condition.SALIENT, own, fixations), comparison)
    assert table.columns == ("model", "condition", "CC", "SIM", "KL", "NSS", "AUC")
    (*names, cc, sim, kl, nss, auc), other = table.rows
    assert names == ["one", "salient"]
    assert (cc, sim, kl) == pytest.approx((1, 1, 0), abs=1e-5)
    assert nss == pytest.approx((own.max() - own.mean()) / own.std(), rel=0.01)
    assert auc == pytest.approx(1, abs=1e-4)
    assert other[2] < 0.5


def test_only_the_metrics_of_what_was_uploaded(comparison):
    table = against(GroundTruth(Condition.PURE, fixations=np.array([[1, 2]])), comparison)
    assert table.columns == ("model", "condition", "NSS", "AUC")


def test_a_density_of_another_size_but_the_same_proportions_is_fine(comparison):
    table = against(GroundTruth(Condition.PURE, np.ones((24, 32)) + np.eye(24, 32)), comparison)
    assert len(table.rows) == 2


def test_undefined_numbers_are_none(comparison):
    table = against(GroundTruth(Condition.PURE, np.ones((48, 64))), comparison)
    assert table.rows[0][2] is None  # correlation with a constant


def test_ground_truth_that_does_not_fit_is_refused_with_a_reason(comparison):
    with pytest.raises(GroundTruthError, match="proportions differ"):
        against(GroundTruth(Condition.PURE, np.ones((64, 48))), comparison)
    pure = type(comparison)(comparison.picture, comparison.predictions[:1], {})
    with pytest.raises(GroundTruthError, match="“Salient”"):
        against(GroundTruth(Condition.SALIENT, np.ones((48, 64))), pure)
