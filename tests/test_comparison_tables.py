from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from saliency.comparison_tables import (
    CENTRE_BIAS,
    MASKED,
    GroundTruth,
    against,
    against_mask,
    against_truth,
    agreement,
    moved,
)
from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.human_consistency import Consistency
from saliency.ui.shared.sentences import translated


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


def middle(shape):
    """A Gaussian in the middle, as wide as a quarter of each side."""
    down, across = ((np.arange(side) - (side - 1) / 2) / (side / 4) for side in shape)
    return np.exp(-(down[:, None] ** 2 + across[None] ** 2) / 2)


def test_a_gaussian_in_the_middle_and_other_people_give_the_numbers_a_scale(comparison):
    shape = comparison.picture.shape[:2]
    fixations = np.array([[240, 320], [250, 300], [20, 600]])
    truth = GroundTruth(Condition.PURE, middle(shape), fixations, 2, Consistency(2, 1.5, 0.9, 32.0))
    table = against(truth, comparison, scale=True)
    assert [row[0] for row in table.rows] == ["one", "two", "centre_bias", "other_people"]
    centre = dict(zip(table.columns, table.rows[2], strict=True))
    assert (centre["CC"], centre["SIM"], centre["KL"]) == pytest.approx((1, 1, 0), abs=1e-5)
    standard = (middle(shape) - middle(shape).mean()) / middle(shape).std()
    assert centre["NSS"] == pytest.approx(standard[tuple(fixations.T)].mean(), abs=1e-4)
    assert table.rows[3] == ("other_people", "pure", None, None, None, 1.5, 0.9)
    assert table.rows[:2] == against(truth, comparison).rows


def test_one_line_says_between_what_the_numbers_lie(comparison, monkeypatch):
    fixations = np.argwhere(np.ones((4, 4))) + 100
    truth = GroundTruth(Condition.PURE, fixations=fixations, consistency=Consistency(5, 2.0, 0.912, 32.0))
    table = against(truth, comparison, scale=True)
    auc = {row[0]: row[3] for row in table.rows}
    best = max(("one", "two"), key=auc.get)
    assert table.notes[0] == (
        f"AUC: chance 0.500, centre bias {auc['centre_bias']:.3f}, {best.title()} {auc[best]:.3f}, other people 0.912."
    )
    assert "each of 5 participants" in table.notes[1]
    monkeypatch.setattr("saliency.ui.shared.sentences.language", lambda: "zh")
    assert translated(table.notes[0]).endswith("其他人 0.912。")


def test_without_named_participants_or_fixations_there_are_no_other_people(comparison):
    table = against(GroundTruth(Condition.PURE, fixations=np.array([[1, 2]])), comparison, scale=True)
    assert [row[0] for row in table.rows] == ["one", "two", "centre_bias"]
    assert table.notes[0].startswith("AUC: chance 0.500, centre bias ")
    table = against(GroundTruth(Condition.PURE, middle((48, 64))), comparison, scale=True)
    assert table.notes[0].startswith("CC: chance 0, centre bias 1.000, ")
    constant = against(GroundTruth(Condition.PURE, np.ones((48, 64))), comparison, scale=True)
    assert constant.rows[2][2] is None
    assert constant.notes == ()  # nothing correlates with a constant


def test_a_mask_is_compared_with_every_map_by_the_metrics_of_objects(comparison):
    """The mean error in closed form, the others by what they are of a map that is the mask."""
    mask = np.zeros((480, 640), bool)
    mask[100:300, 200:500] = True
    own = replace(comparison.predictions[0], working_map=mask.astype(np.float32))
    table = against_mask(mask, replace(comparison, predictions=(own, *comparison.predictions[1:])))
    assert (table.name, table.columns) == ("objects", ("model", "condition", *MASKED))
    expected = [*((p.model, p.condition.value) for p in comparison.predictions), (CENTRE_BIAS, "pure")]
    assert [row[:2] for row in table.rows] == expected
    values = {row[:2]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    perfect = values["one", "pure"]
    assert perfect["MAE"] == pytest.approx(0, abs=1e-6)
    assert [perfect[name] for name in ("maxF", "meanF", "wF", "S")] == pytest.approx([1, 1, 1, 1], abs=0.01)
    other = comparison.get("two", Condition.SALIENT).map
    assert values["two", "salient"]["MAE"] == pytest.approx(np.abs(other - mask).mean(), abs=1e-5)
    assert 0 < values[CENTRE_BIAS, "pure"]["maxF"] < 1


def test_a_ground_truth_of_both_kinds_has_a_table_of_each(comparison):
    mask = np.zeros((480, 640), bool)
    mask[:, :320] = True
    points = np.array([[1, 2]])
    both = against_truth(GroundTruth(Condition.PURE, fixations=points, mask=mask), comparison)
    assert [table.name for table in both] == ["against", "objects"]
    [alone] = against_truth(GroundTruth("a sentence that nobody wrote", mask=mask), comparison)
    assert alone.name == "objects"
    assert alone.fixations is None


def test_a_mask_of_a_huge_picture_is_compared_at_a_smaller_size(comparison):
    large = tuple(replace(p, shape=(1920, 2560)) for p in comparison.predictions)
    picture = np.zeros((1920, 2560, 3), np.uint8)
    mask = np.zeros((1920, 2560), bool)
    mask[400:1200, 800:2000] = True
    huge = against_mask(mask, type(comparison)(picture, large, {}))
    small = against_mask(mask[::4, ::4], comparison)
    np.testing.assert_allclose([row[2:] for row in huge.rows], [row[2:] for row in small.rows], atol=1e-6)


def test_models_of_objects_are_scored_against_masks_alone(comparison, maps):
    objects = tuple(replace(p, task="objects") if p.model == "two" else p for p in comparison.predictions)
    mixed = replace(comparison, predictions=objects)
    truth = GroundTruth(Condition.PURE, density=maps["one", Condition.PURE])
    assert [row[0] for row in against(truth, mixed, scale=True).rows] == ["one", CENTRE_BIAS]
    assert agreement(mixed, maps) is None
    mask = np.zeros(comparison.picture.shape[:2], dtype=bool)
    mask[2:9, 3:9] = True
    assert {row[0] for row in against_mask(mask, mixed).rows} == {"one", "two", CENTRE_BIAS}
