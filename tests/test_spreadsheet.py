"""What we export is computed by no spreadsheet."""

from __future__ import annotations

import csv

import pytest

from saliency.archive import metrics_csv
from saliency.results.export import write_csv
from saliency.spreadsheet import no_formula

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://example.com")', "=cmd|'/c calc'!A1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_text_is_no_formula(text, tmp_path):
    write_csv(tmp_path / "table.csv", [{"sentence": text, "value": -0.5}])
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        [row] = csv.DictReader(file)
    assert row == {"sentence": f"'{text}", "value": "-0.5"}
    table = {"name": "moved", "columns": ["model", "condition", "CC"], "rows": [["gsgnet", text, -0.5]]}
    assert [row[2:] for row in csv.reader(metrics_csv([table]).splitlines(keepends=True))][1][0].startswith("'")


@pytest.mark.parametrize("cell", ["A red cup.", "", " =1", "猫", -1, -0.5, None])
def test_other_cells_stay_as_they_are(cell):
    assert no_formula(cell) is cell
