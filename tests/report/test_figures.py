"""The figures: which samples they show, and what stands where."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot
from PIL import Image

from saliency.conditions import Condition
from saliency.data import Sample
from saliency.report.figures import chosen, draw, figure_of
from saliency.report.scores import people
from tests.made import half, made


def mixed(sample: Sample) -> np.ndarray:
    """The sample's density and its opposite, the more of the opposite the higher the picture's number."""
    share = int(sample.picture) / 8
    return (1 - share) * sample.density() + share * (1 - sample.density()) + 0.01 * np.arange(6)


def samples(count: int) -> list[Sample]:
    return [made(str(n), Condition.SALIENT, f"Number {n} costs $5 or $6", half("left")) for n in range(count)]


@pytest.mark.parametrize(("count", "pictures"), [(8, "6420"), (4, "3210"), (1, "0")])
def test_from_each_quarter_the_middle_and_the_worst_first(count: int, pictures: str):
    assert "".join(sample.picture for sample in chosen({"mixed": mixed}, samples(count))) == pictures


def test_a_row_a_sample_a_column_a_model():
    figure = figure_of({"perfect": people, "mixed": mixed}, samples(3))
    assert [row.get_suptitle() for row in figure.subfigs] == [f"Number {n} costs $5 or $6" for n in range(3)]
    for row in figure.subfigs:
        titles = [axis.get_title() for axis in row.axes]
        assert titles[:3] == ["picture", "people", "perfect, CC 1.00"]
        assert titles[3].startswith("mixed, CC ")
        assert row.axes[0].images[0].get_array().shape == (4, 6, 3)
    assert pyplot.get_fignums() == []


def test_a_file_a_condition(tmp_path: Path):
    pure = [made(str(n), Condition.PURE, values=half("right")) for n in range(2)]
    draw({"perfect": people}, [*samples(4), *pure], tmp_path / "new" / "figures")
    files = {path.name: Image.open(path).size for path in (tmp_path / "new" / "figures").iterdir()}
    assert files.keys() == {"pure.png", "salient.png"}
    # Four rows are higher than two.
    assert files["salient.png"][1] > 1.5 * files["pure.png"][1]
