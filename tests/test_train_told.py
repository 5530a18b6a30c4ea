"""What being told where things are is worth, on a model whose answer is where its words point."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from saliency.conditions import Condition
from saliency.data.pseudo import bumps
from saliency.models.spec import Preprocessing
from train.results import told

from .echo import listening
from .made import made

BOX = np.array([[0.0, 0.0, 0.5, 0.5]])


@pytest.fixture
def checkpoint(tmp_path: Path) -> Iterator[str]:
    with listening(tmp_path, Preprocessing(64, 96)) as name:
        yield name


def test_a_model_that_looks_where_it_is_told_is_right_when_told(checkpoint: str):
    gaze = bumps(BOX, (8, 12), np.ones(1))
    samples = [
        made("a", Condition.SALIENT, values=gaze, sentence="a dog"),
        made("b", Condition.SALIENT, values=gaze, sentence="a cat"),  # nobody has marked it
        made("a", Condition.PURE, values=gaze),
    ]
    found = told.measure(checkpoint, samples, {("a", Condition.SALIENT): BOX})
    salient = found[Condition.SALIENT]
    assert salient.told.mean == pytest.approx(1, abs=1e-3)
    assert salient.own.mean == pytest.approx(salient.pointing.mean, abs=0.02)
    assert salient.own.mean < 0.9
    assert np.isnan(found[Condition.GENERAL].told.mean)


def test_the_marks_are_of_validation_pictures_under_three_conditions():
    boxes = told.read_boxes()
    pictures = {picture for picture, _ in boxes}
    assert len(pictures) == 33
    assert set(boxes) == {(picture, condition) for picture in pictures for condition in told.TEXTS}
    for values in boxes.values():
        assert values.shape[1] == 4
        assert (values[:, :2] < values[:, 2:]).all()
        assert values.min() >= 0
        assert values.max() <= 1
    general, salient, other = (
        boxes["000000003220", condition] for condition in (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)
    )
    np.testing.assert_array_equal(general, np.concatenate([salient, other]))


def test_the_table_has_three_rows_a_model(checkpoint: str):
    samples = [
        made("a", condition, values=bumps(BOX, (8, 12), np.ones(1)), sentence="a dog") for condition in told.TEXTS
    ]
    found = told.measure(checkpoint, samples, {("a", condition): BOX for condition in told.TEXTS})
    rows = [line.strip("| ").split(" | ") for line in told.section({"**Echo**": found}).splitlines()]
    answers = {cells[0]: [float(cell.split()[0]) for cell in cells[1:]] for cells in rows if "Echo" in cells[0]}
    assert list(answers) == [f"**Echo**, {row}" for row in ("reading against the boxes", "answer", "answer, told")]
    assert answers["**Echo**, answer, told"] == pytest.approx([1, 1, 1], abs=1e-3)
    assert max(answers["**Echo**, answer"]) < 0.9
