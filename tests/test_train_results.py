"""The table of results: the mean training map, and what is written around the numbers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saliency.conditions import Condition
from train.results import BEGIN, END, ORDER, mean_maps, metric_table, write


class Made:
    """A sample of a condition whose density is an array."""

    def __init__(self, condition: Condition, density: np.ndarray):
        self.condition = condition
        self._density = density

    def density(self) -> np.ndarray:
        return self._density


def test_the_mean_map_weighs_every_picture_alike():
    left, right = np.zeros((40, 60)), np.zeros((40, 60))
    left[:20, :30] = 1.0
    right[20:, 30:] = 0.25  # fainter, and it counts as much
    samples = [Made(Condition.PURE, left), Made(Condition.PURE, right), Made(Condition.SALIENT, np.ones((8, 12)))]
    found = mean_maps(samples, (4, 6))
    corner = np.kron([[1, 0], [0, 1]], np.ones((2, 3)))  # half of the mass in each of two quarters of 6 cells
    np.testing.assert_allclose(found[Condition.PURE], corner / 12, atol=1e-7)
    np.testing.assert_allclose(found[Condition.SALIENT], np.full((4, 6), 1 / 24), atol=1e-7)
    assert set(found) == {Condition.PURE, Condition.SALIENT}


@pytest.mark.parametrize(
    "before", [f"# Title\n\nWords.\n\n{BEGIN}\nold numbers\n{END}\n\nMore words.\n", "# Title\n\nWords.\n"]
)
def test_what_stands_around_the_numbers_stays(tmp_path: Path, before: str):
    path = tmp_path / "RESULTS.md"
    path.write_text(before)
    for numbers in ("first", "second"):
        write(path, numbers)
    text = path.read_text()
    assert text.count(BEGIN) == text.count(END) == 1
    assert text.startswith("# Title\n\nWords.\n")
    assert text.partition(BEGIN)[2].partition(END)[0] == "\nsecond\n"
    assert ("More words." in text) == ("More words." in before)
    assert "old numbers" not in text


def test_results_may_be_new(tmp_path: Path):
    write(tmp_path / "RESULTS.md", "0.5")
    assert (tmp_path / "RESULTS.md").read_text() == f"# Results\n\n{BEGIN}\n0.5\n{END}\n"


def test_a_table_has_a_row_a_predictor_and_a_column_a_condition():
    index = pd.MultiIndex.from_product([list(ORDER), ["CC", "KL"]])
    values = {"mean": np.arange(10) / 10, "low": np.arange(10) / 10 - 0.05, "high": np.arange(10) / 10 + 0.05}
    lines = metric_table({"guess": pd.DataFrame(values, index)}, "KL").splitlines()
    assert lines[0] == "| KL | Pure | General | Whole scene | Salient | Non-salient |"
    assert lines[2].startswith("| guess | 0.100 (0.050 to 0.150) | 0.300 (0.250 to 0.350) |")
    assert len(lines) == 3
