"""The table of results: the mean training map, what is written around the numbers, and the whole command."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from saliency import checkpoints
from saliency.cli import app
from saliency.cli.results import results
from saliency.conditions import Condition
from saliency.metrics.bootstrap import Interval
from saliency.report import figures
from saliency.report.markdown import MEASURED, format_interval, number, write
from saliency.report.measuring import row_names
from saliency.report.scores import METRICS, ORDER, mean_maps, metric_table
from tests.made import made
from tests.samples import both_groups, write_data_set

BEGIN, END = MEASURED


def test_the_mean_map_weighs_every_picture_alike():
    left, right = np.zeros((40, 60)), np.zeros((40, 60))
    left[:20, :30] = 1.0
    right[20:, 30:] = 0.25  # fainter, and it counts as much
    samples = [
        made("a", Condition.PURE, values=left),
        made("b", Condition.PURE, values=right),
        made("c", Condition.SALIENT, values=np.ones((8, 12))),
    ]
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


def test_numbers_have_three_digits_and_no_negative_zero():
    assert [number(value) for value in (0.12349, -0.0001, -0.0, 1, -0.5)] == [
        "0.123",
        "0.000",
        "0.000",
        "1.000",
        "-0.500",
    ]
    assert format_interval(Interval(0.5, 0.25, 0.75)) == "0.500 (0.250 to 0.750)"


@pytest.fixture
def engines(miniatures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small checkpoints, two that read and one that does not, where the command finds them."""
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    monkeypatch.setattr(figures, "FOLDER", tmp_path / "figures")
    return miniatures


def rows_of(text: str, heading: str) -> dict[str, list[str]]:
    """The rows of the table under a heading, by their first cell."""
    section = text.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return {line[0]: line[1:] for line in lines}


def test_the_whole_command(engines: Path, tmp_path: Path):
    root = write_data_set(tmp_path / "sjtu_tis", 12, both_groups, validation=6)
    path = tmp_path / "RESULTS.md"
    results(root, tmp_path / "nowhere", path, ["reader", "blind"], True)
    text = path.read_text()
    for metric in METRICS:
        assert {"**Reader** (compact, seed None)", "**Blind** (compact, seed None)"} < rows_of(text, metric).keys()
    assert rows_of(text, "CC")["people's own map (upper bound)"] == ["1.000 (1.000 to 1.000)"] * 5
    # What the card says, and what was written with the right sentence, is what the table says.
    shown = rows_of(text, "CC")["**Reader** (compact, seed None)"]
    means = checkpoints.available(engines)[0].metrics["validation"]
    assert [cell.split()[0] for cell in shown] == [number(means[condition]["CC"].mean) for condition in ORDER]
    exchanged = rows_of(text, "With the sentence of another picture")
    assert exchanged["**Reader** (compact, seed None), right sentence"] == shown[1:]
    better = rows_of(text, "What is reading worth?")
    unread = rows_of(text, "CC")["**Blind** (compact, seed None)"]
    change = [float(own.split()[0]) - float(other.split()[0]) for own, other in zip(shown, unread, strict=True)]
    (compared,) = (cells for name, cells in better.items() if name.startswith("**Reader**"))
    assert [float(cell.split()[0]) for cell in compared] == pytest.approx(change, abs=0.0021)
    # A model that does not read has no place among those that do.
    assert not any("Blind" in name for name in exchanged)
    assert sorted(drawn.name for drawn in (tmp_path / "figures").iterdir()) == sorted(
        f"{condition.value}.png" for condition in ORDER
    )
    assert "Published, measured otherwise" in text


def test_figures_can_be_left_out(engines: Path, tmp_path: Path):
    root = write_data_set(tmp_path / "sjtu_tis", 8, both_groups, validation=4)
    results(root, tmp_path / "nowhere", tmp_path / "RESULTS.md", ["blind"], False)
    assert not (tmp_path / "figures").exists()


def test_without_the_data_set_it_ends_with_a_sentence(engines: Path, tmp_path: Path):
    asked = ["results", str(tmp_path), "--phrases", str(tmp_path), "--path", str(tmp_path / "RESULTS.md")]
    ended = CliRunner().invoke(app, [*asked, "--no-figures"])
    assert ended.exit_code == 2
    assert "“image_1800” is missing" in ended.stderr
    assert not (tmp_path / "RESULTS.md").exists()


def test_checkpoints_of_one_model_and_seed_have_rows_of_their_own():
    cards = [checkpoints.read_card("gsgnet"), checkpoints.read_card("gsgnet"), checkpoints.read_card("tranblend")]
    cards[1] = cards[1].model_copy(update={"name": "gsgnet_words"})
    rows = row_names(cards)
    assert rows["tranblend"] == "**TranBlend** (compact, seed 42)"
    assert rows["gsgnet_words"] == f"{rows['gsgnet'].removesuffix(' `gsgnet`')} `gsgnet_words`" != rows["gsgnet"]
