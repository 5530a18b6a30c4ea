"""Metrics of salient objects: as PySODMetrics, as the specification's values, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from saliency import metrics
from saliency.errors import MetricError
from saliency.metrics import OBJECT_METRICS, ObjectEvaluator, evaluate_objects

from .object_pairs import RECORDED, pairs

ROWS, COLUMNS = np.mgrid[:8, :8]
SQUARE = (ROWS >= 2) & (ROWS <= 5) & (COLUMNS >= 2) & (COLUMNS <= 5)
RAMP = (4 * (8 * ROWS + COLUMNS)).astype(np.uint8)
BLOB = np.clip(255 - 50 * np.maximum(abs(ROWS - 3.5), abs(COLUMNS - 3.5)), 0, 255).astype(np.uint8)
# docs/specs/metrics.md, 9.3: prediction, mask, and in the order of its columns the values.
SPECIFIED = [
    (RAMP, SQUARE, [0.5, 0, 0.214576, 0.409449, 0.295243, 0.395121, 0.577945, 0.404587, 0.340130]),
    (BLOB, SQUARE, [0.166667, 1, 0.700598, 1, 1.015873, 0.694673, 1.015873, 0.830058, 0.711205]),
    (255 * SQUARE, SQUARE, [0, 1, 0.997275, 1, 1.015873, 1.012897, 1.015873, 1, 1]),
    (0 * RAMP, SQUARE, [0.25, 0.302326, 0.001181, 0.302326, 0.253968, 0.253968, 0.253968, 0.375, 0.221904]),
    (0 * RAMP + 100, SQUARE, [0.446078, 0, 0.119277, 0.302326, 0.253968, 0.253968, 0.253968, 0.417861, 0.323692]),
    (255 * ~SQUARE, SQUARE, [1, 0, 0.001181, 0.302326, 0, 0.000992, 0.253968, 0, 0.052489]),
    (RAMP, SQUARE & False, [0.5, 0, 0, 0, 1, 0.507812, 1, 0.5, 0]),
    (RAMP, SQUARE | True, [0.5, 0.064356, 0.730612, 1, 0.015873, 0.508061, 1.015873, 0.5, 0.818913]),
]
COLUMNS_OF_SPECIFICATION = ["MAE", "adpF", "meanF", "maxF", "adpE", "meanE", "maxE", "S", "wF"]


@pytest.fixture(scope="module")
def recorded():
    with np.load(RECORDED) as content:
        return dict(content)


@pytest.mark.parametrize(("prediction", "mask", "values"), SPECIFIED)
def test_the_values_of_the_specification(prediction, mask, values):
    scores = evaluate_objects(prediction.astype(np.uint8), mask)
    assert [scores[name] for name in COLUMNS_OF_SPECIFICATION] == pytest.approx(values, abs=1e-6)


@pytest.mark.parametrize(("number", "name"), list(enumerate(pairs())))
def test_a_pair_has_the_scores_of_pysodmetrics(recorded, number, name):
    prediction, mask = pairs()[name]
    scores = evaluate_objects(prediction, mask)
    assert tuple(scores) == OBJECT_METRICS
    assert list(scores.values()) == pytest.approx(recorded["scores"][number].tolist(), abs=1e-6)
    precision, recall = metrics.precision_recall(prediction, mask)
    curves = [metrics.f_curve(prediction, mask), metrics.e_curve(prediction, mask), precision, recall]
    np.testing.assert_allclose(curves, recorded["curves"][number], rtol=0, atol=1e-6)


def test_a_data_set_has_the_results_of_pysodmetrics(recorded):
    evaluator = ObjectEvaluator()
    for name, (prediction, mask) in pairs().items():
        evaluator.add(name, prediction, mask)
    table = evaluator.table()
    assert table["mean"].tolist() == pytest.approx(recorded["scores_of_all"].tolist(), abs=1e-6)
    curves = evaluator.curves()
    found = [curves[name] for name in ("F", "E", "precision", "recall")]
    np.testing.assert_allclose(found, recorded["curves_of_all"], rtol=0, atol=1e-6)
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()
    assert evaluator.empty == sum(not mask.any() for _, mask in pairs().values())
    assert set(table["n"]) == {len(pairs())} == {len(evaluator)}


def test_single_metrics_are_those_of_the_table():
    prediction, mask = pairs()["dim on two"]
    single = {
        "MAE": metrics.mae(prediction, mask),
        "adpF": metrics.f_measure(prediction, mask),
        "meanF": metrics.f_measure(prediction, mask, "mean"),
        "maxF": metrics.f_measure(prediction, mask, "max"),
        "wF": metrics.weighted_f(prediction, mask),
        "adpE": metrics.e_measure(prediction, mask),
        "meanE": metrics.e_measure(prediction, mask, "mean"),
        "maxE": metrics.e_measure(prediction, mask, "max"),
        "S": metrics.s_measure(prediction, mask),
    }
    assert all(type(value) is float for value in single.values())
    assert single == evaluate_objects(prediction, mask)


def test_at_the_last_threshold_everything_is_predicted():
    for prediction, mask in pairs().values():
        precision, recall = metrics.precision_recall(prediction, mask)
        assert precision[-1] == pytest.approx(mask.mean())
        assert recall[-1] == mask.any()


def test_the_scale_of_a_map_is_free_unless_it_is_kept():
    prediction, mask = pairs()["noise on disc"]
    dim = prediction / 1000 + 0.1
    scaled = evaluate_objects(prediction, mask)
    assert metrics.mae(dim, mask) == pytest.approx(scaled["MAE"])
    assert metrics.s_measure(dim * 50 - 9, mask) == pytest.approx(scaled["S"])
    assert metrics.mae(dim, mask, minmax=False) == pytest.approx(abs(dim - mask).mean())
    assert metrics.mae(np.full((2, 2), 0.25), [[0, 0], [1, 1]]) == 0.5


def test_objects_in_the_last_row_have_a_structure_measure():
    mask = np.zeros((6, 9), dtype=bool)
    mask[-1] = True
    assert metrics.s_measure(mask.astype(float), mask) == pytest.approx(1)


def test_the_interval_of_a_maximum_is_that_of_the_mean_curve():
    evaluator = ObjectEvaluator()
    for number in range(3):
        prediction, mask = pairs()["blurred on disc"]
        evaluator.add(f"{number}", prediction, mask)
    of_one = evaluate_objects(*pairs()["blurred on disc"])
    for name, row in evaluator.summary().items():
        assert [row["mean"], row["low"], row["high"]] == pytest.approx([of_one[name]] * 3)


def test_the_rows_are_written(tmp_path):
    evaluator = ObjectEvaluator()
    evaluator.add("a", BLOB, SQUARE)
    evaluator.to_csv(tmp_path / "rows.csv")
    head, row = (tmp_path / "rows.csv").read_text().splitlines()
    assert head == "id,height,width,MAE,adpF,meanF,wF,adpE,meanE,S"
    assert row.startswith("a,8,8,0.1666")


def test_a_map_of_another_size_is_resized_for_the_table():
    large = np.kron(BLOB, np.ones((2, 2), dtype=np.uint8))
    scores = evaluate_objects(large, SQUARE)
    assert scores == pytest.approx(evaluate_objects(BLOB, SQUARE), abs=1e-9)
    constant = np.full((4, 4), 100, dtype=np.uint8)
    assert evaluate_objects(constant, SQUARE)["MAE"] == pytest.approx(0.446078, abs=1e-6)


@pytest.mark.parametrize(
    ("prediction", "mask", "words"),
    [
        (BLOB[:4], SQUARE, "shape"),
        (BLOB, 255 * SQUARE, "0 and 1"),
        (BLOB[0], SQUARE[0], "height x width"),
        (np.where(SQUARE, np.nan, 1), SQUARE, "NaN"),
        (np.full((8, 8), 7.0), SQUARE, "outside of 0 to 1"),
        (np.empty((0, 8)), SQUARE[:0], "height x width"),
    ],
)
def test_what_cannot_be_scored_is_refused(prediction, mask, words):
    with pytest.raises(MetricError, match=words):
        metrics.mae(prediction, mask)


def test_an_unknown_threshold_and_a_second_picture_of_one_name_are_refused():
    with pytest.raises(MetricError, match="adaptive, mean, max"):
        metrics.f_measure(BLOB, SQUARE, "best")
    evaluator = ObjectEvaluator()
    with pytest.raises(MetricError, match="no picture"):
        evaluator.table()
    evaluator.add("a", BLOB, SQUARE)
    with pytest.raises(MetricError, match="already"):
        evaluator.add("a", BLOB, SQUARE)
