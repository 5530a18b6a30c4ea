"""One prediction and whole sets: inputs, shuffled pools, tables, exports, and known floors on real data."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from saliency import metrics
from saliency.conditions import Condition
from saliency.errors import MetricError
from saliency.metrics import FixationEvaluator, evaluate_fixation
from saliency.metrics import evaluator as evaluator_module

SHAPE = (40, 60)


def centred_fixations(rng, n=50, shape=SHAPE):
    points = rng.normal(np.array(shape) / 2, np.array(shape) / 7, size=(n, 2))
    return np.clip(points, 0, np.array(shape) - 1).astype(int)


def centre_map(shape):
    rows, columns = (np.linspace(-1, 1, side) for side in shape)
    return np.exp(-(rows[:, None] ** 2 + columns**2) / (2 * 0.5**2))


def fill(evaluator, order=range(12), **changes):
    """Twelve pictures of two sizes under two conditions; NSS differs from row to row."""
    for i in order:
        for condition in (Condition.PURE, Condition.SALIENT):
            rng = np.random.default_rng([i, len(condition)])
            shape = SHAPE if i % 2 else (20, 30)
            fixations = changes.get(f"{i}/{condition}", centred_fixations(rng, shape=shape))
            prediction = rng.random(shape, dtype=np.float32) + centre_map(shape)
            evaluator.add(f"{i}/{condition}", f"{i}", condition, prediction, rng.random(shape), fixations)
    return evaluator


def test_scores_of_one_map_in_every_profile(example):
    p, g, f = example.prediction, example.density, example.fixations
    result = evaluate_fixation(p, g, f, example.others)
    assert list(result) == ["CC", "SIM", "KL", "NSS", "AUC", "sAUC"]
    expected = {"CC": 0.9635461, "SIM": 0.8733333, "KL": 0.0880884, "NSS": 1.5, "AUC": 0.875, "sAUC": 0.75}
    assert result == pytest.approx(expected, abs=1e-7)
    classic = evaluate_fixation(p, g, f, example.others, profile="mit_classic")
    assert classic["SIM"] == metrics.sim(p, g, minmax=True)
    assert classic["NSS"] == metrics.nss(p, f, classic=True)
    assert classic["AUC-Judd"] == pytest.approx(0.9411765, abs=0.05)  # the jitter decides the ties
    assert classic["sAUC"] == metrics.sauc_classic(p, f, example.others)
    legacy = evaluate_fixation(p, g, f, profile="legacy_sjtu")
    assert legacy["sAUC20"] == (legacy["AUC20"] + 0.5) / 2
    assert set(legacy) == {"CC", "AUC20", "sAUC20", "NSS-dilated", "NSS-support", "NSS-density"}
    assert evaluate_fixation(p, g, f, baseline=np.ones((4, 5)), metrics=["IG"]) == pytest.approx({"IG": 0.9575187})


def test_what_is_not_known_is_left_out(example):
    assert set(evaluate_fixation(example.prediction, density=example.density)) == {"CC", "SIM", "KL"}
    assert set(evaluate_fixation(example.prediction, fixations=example.fixations)) == {"NSS", "AUC"}


def test_the_prediction_comes_to_the_size_of_the_ground_truth():
    ramp = np.tile(np.arange(4.0), (2, 1))
    doubled = np.tile(np.clip((np.arange(8) + 0.5) / 2 - 0.5, 0, 3), (4, 1))  # bilinear on pixel centres
    assert evaluate_fixation(ramp, density=doubled, metrics=["CC"])["CC"] == pytest.approx(1, abs=1e-12)
    fixated = np.zeros((4, 8), dtype=bool)
    fixated[1, 7] = True
    assert evaluate_fixation(ramp, fixations=fixated)["NSS"] == pytest.approx((3 - 1.5) / doubled.std(), abs=1e-12)


def test_unknown_names_and_broken_maps_are_refused(example):
    with pytest.raises(MetricError, match="tuebingen"):
        evaluate_fixation(example.prediction, profile="mit")
    with pytest.raises(MetricError, match="no EMD; it has CC"):
        evaluate_fixation(example.prediction, metrics=["EMD"])
    with pytest.raises(MetricError, match="NaN or infinite"):
        FixationEvaluator().add("a", "a", "pure", np.full((4, 5), np.inf))
    evaluator = FixationEvaluator()
    evaluator.add("a", "a", "pure", example.prediction, example.density)
    with pytest.raises(MetricError, match="already"):
        evaluator.add("a", "a", "pure", example.prediction, example.density)


def test_shuffled_pool_is_the_same_condition_on_other_pictures():
    evaluator = fill(FixationEvaluator(metrics=["sAUC"]))
    score = evaluator.rows().set_index("id").loc["4/salient", "sAUC"]
    rng = np.random.default_rng([4, len("salient")])
    own = centred_fixations(rng, shape=(20, 30))
    prediction = rng.random((20, 30), dtype=np.float32) + centre_map((20, 30))
    pool = []
    for i in (j for j in range(12) if j != 4):
        shape = SHAPE if i % 2 else (20, 30)
        points = centred_fixations(np.random.default_rng([i, len("salient")]), shape=shape)
        pool.append(points // 2 if i % 2 else points)
    assert score == pytest.approx(metrics.sauc(prediction, own, np.concatenate(pool)), abs=1e-12)


def test_shuffled_auc_needs_another_picture(example):
    evaluator = FixationEvaluator()
    for condition in ("pure", "salient"):
        evaluator.add(condition, "one", condition, example.prediction, example.density, example.fixations)
    assert evaluator.rows()["sAUC"].isna().all()
    assert evaluator.rows()["AUC"].notna().all()


@pytest.mark.parametrize("profile", ["tuebingen", "mit_classic"])
def test_the_order_of_the_rows_does_not_matter(profile):
    first = fill(FixationEvaluator(profile)).rows().set_index("id")
    second = fill(FixationEvaluator(profile), order=reversed(range(12))).rows().set_index("id")
    pd.testing.assert_frame_equal(first, second.loc[first.index])


def test_predictions_that_do_not_fit_in_memory_wait_on_disk(monkeypatch):
    expected = fill(FixationEvaluator()).rows()
    monkeypatch.setattr(evaluator_module, "_KEPT_IN_MEMORY", 4096)
    pd.testing.assert_frame_equal(fill(FixationEvaluator()).rows(), expected)


def test_looking_at_the_centre_earns_no_shuffled_auc():
    evaluator = FixationEvaluator(metrics=["AUC", "sAUC"])
    rng = np.random.default_rng(5)
    for i in range(60):
        evaluator.add(f"{i}", f"{i}", "pure", centre_map(SHAPE), fixations=centred_fixations(rng))
    means = evaluator.rows()[["AUC", "sAUC"]].mean()
    assert means["sAUC"] == pytest.approx(0.5, abs=0.01)
    assert means["AUC"] > 0.8


def test_information_gain_is_over_the_other_pictures():
    shape, spread = (200, 300), np.array([25, 38])
    evaluator = FixationEvaluator(metrics=["IG"])
    rows, columns = np.mgrid[:200, :300]
    rng = np.random.default_rng(6)
    for i in range(12):
        # On the last picture gaze is elsewhere, as the last map predicts.
        centre = np.array([100, 150]) if i < 11 else np.array([50, 60])
        truth = np.exp(-(((rows - centre[0]) / spread[0]) ** 2 + ((columns - centre[1]) / spread[1]) ** 2) / 2)
        points = np.clip(rng.normal(centre, spread, size=(200, 2)).astype(int), 0, np.array(shape) - 1)
        evaluator.add(f"{i}", f"{i}", "pure", truth, fixations=points)
    gain = evaluator.rows()["IG"]
    assert gain[:11].abs().max() < 0.8
    assert gain[11] > 1.5


def test_table_skips_what_is_undefined():
    evaluator = fill(FixationEvaluator(), **{"3/pure": np.empty((0, 2), dtype=int)})
    table, rows = evaluator.table(), evaluator.rows()
    assert list(table.columns) == ["mean", "low", "high", "n", "skipped"]
    assert list(table.index.get_level_values("condition").unique()) == ["pure", "salient", "macro"]
    assert tuple(table.loc[("pure", "NSS"), ["n", "skipped"]]) == (11, 1)
    assert tuple(table.loc[("pure", "CC"), ["n", "skipped"]]) == (12, 0)
    pure, salient = (rows.loc[rows["condition"] == name, "NSS"].mean() for name in ("pure", "salient"))
    assert table.loc[("pure", "NSS"), "mean"] == pytest.approx(pure, abs=1e-12)
    assert table.loc[("macro", "NSS"), "mean"] == pytest.approx((pure + salient) / 2, abs=1e-12)
    assert ((table["low"] < table["mean"]) & (table["mean"] < table["high"])).all()
    pd.testing.assert_frame_equal(table, fill(FixationEvaluator(), **{"3/pure": np.empty((0, 2), dtype=int)}).table())
    assert "macro" not in _one_condition().table().index.get_level_values("condition")


def _one_condition():
    evaluator = FixationEvaluator(metrics=["CC"])
    rng = np.random.default_rng(0)
    evaluator.add("a", "a", "pure", rng.random(SHAPE), rng.random(SHAPE))
    return evaluator


def test_an_empty_evaluator_has_empty_tables():
    assert FixationEvaluator().rows().empty
    assert FixationEvaluator().table().empty


def test_exports_hold_what_the_tables_show(tmp_path):
    evaluator = fill(FixationEvaluator(), **{"3/pure": np.empty((0, 2), dtype=int)})
    evaluator.to_json(tmp_path / "scores.json")
    evaluator.to_csv(tmp_path / "scores.csv")
    content = json.loads((tmp_path / "scores.json").read_text())
    assert content["profile"] == "tuebingen"
    assert content["metrics"]["salient"]["sAUC"]["mean"] == evaluator.table().loc[("salient", "sAUC"), "mean"]
    assert content["metrics"]["pure"]["NSS"]["skipped"] == 1
    assert content["pools"]["pure"]["fixations"] == 11 * 50
    undefined = next(row for row in content["rows"] if row["id"] == "3/pure")
    assert undefined["NSS"] is None
    assert undefined["CC"] is not None
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "scores.csv", dtype={"picture": str}), evaluator.rows())


def test_the_pool_is_known_by_its_content():
    pools = fill(FixationEvaluator()).pools()
    assert pools == fill(FixationEvaluator(), order=reversed(range(12))).pools()
    moved = fill(FixationEvaluator(), **{"3/pure": np.array([[1, 1]])}).pools()
    assert moved["pure"]["sha256"] != pools["pure"]["sha256"]
    assert moved["salient"] == pools["salient"]


def test_the_centre_on_real_pictures_scores_what_was_measured_elsewhere(sjtu_tis):
    # Published for other pictures of the set: CC .659, NSS 1.30, KL .587, SIM .572, AUC .824, sAUC .500.
    evaluator = FixationEvaluator()
    for path in sorted((sjtu_tis / "map_1800").glob("*_0.png"))[::12]:
        density = np.asarray(Image.open(path).convert("L"), dtype=float)
        fixated = np.asarray(Image.open(sjtu_tis / "fixation_1800" / path.name).convert("L")) > 127
        evaluator.add(path.stem, path.stem, Condition.PURE, centre_map(density.shape), density, fixated)
    means = evaluator.table()["mean"].loc["pure"]
    tolerance = {"CC": 0.08, "NSS": 0.2, "KL": 0.12, "SIM": 0.05, "AUC": 0.03, "sAUC": 0.02}
    published = {"CC": 0.6588, "NSS": 1.3, "KL": 0.5867, "SIM": 0.5724, "AUC": 0.8241, "sAUC": 0.5002}
    for name, value in published.items():
        assert math.isclose(means[name], value, abs_tol=tolerance[name]), (name, means[name])
