"""RESULTS.csv says what the cards say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from saliency import checkpoints
from saliency.report.scores_csv import scores_csv

ROOT = Path(__file__).parents[2]


def test_the_file_has_every_score_of_every_card():
    with (ROOT / "RESULTS.csv").open(encoding="utf-8", newline="") as file:
        found = {(row["model"], row["split"], row["condition"], row["metric"]): row for row in csv.DictReader(file)}
    expected = {}
    for path in (ROOT / "checkpoints").glob("*.json"):
        for split, conditions in json.loads(path.read_text(encoding="utf-8"))["metrics"].items():
            for condition, metrics in conditions.items():
                expected |= {(path.stem, split, condition, metric): value for metric, value in metrics.items()}
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert {name: float(found[key][name]) for name in value} == pytest.approx(value, abs=1e-6)


def test_the_command_writes_the_same():
    cards = [*checkpoints.available(), *checkpoints.baselines()]
    assert scores_csv(cards) == (ROOT / "RESULTS.csv").read_text(encoding="utf-8")


def test_no_card_gives_the_heading_alone():
    assert scores_csv([]) == "model,split,condition,metric,mean,low,high,n\n"
