"""``saliency evaluate --task objects`` and what it computes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from saliency import Predictor, object_evaluation
from saliency.cli import app
from saliency.data import ObjectDataset
from saliency.metrics import OBJECT_METRICS, ObjectEvaluator, evaluate_objects
from saliency.object_evaluation import ObjectEvaluation, ObjectMaps

HEIGHT, WIDTH = 48, 64
ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
BLOB = np.exp(-((ROWS - 20) ** 2 + (COLUMNS - 30) ** 2) / 150)


@pytest.fixture
def root(tmp_path) -> Path:
    """Three pictures; the mask of the last is empty."""
    rng = np.random.default_rng(0)
    for number, name in enumerate("abc"):
        mask = (abs(ROWS - 20) < 8 + number) & (abs(COLUMNS - 30) < 12) & (number < 2)
        for folder, values in (("images", rng.integers(256, size=(HEIGHT, WIDTH, 3))), ("masks", 255 * mask)):
            (tmp_path / "set" / folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(values.astype(np.uint8)).save(tmp_path / "set" / folder / f"{name}.png")
    return tmp_path / "set"


@pytest.fixture
def maps(tmp_path) -> Path:
    """The same blob for every picture."""
    (tmp_path / "blobs").mkdir()
    for name in "abc":
        np.save(tmp_path / "blobs" / f"{name}.npy", BLOB)
    return tmp_path / "blobs"


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def evaluate(*arguments) -> Result:
    result = CliRunner().invoke(app, ["evaluate", "--task", "objects", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result


def masks(root: Path) -> dict[str, np.ndarray]:
    return {path.stem: np.asarray(Image.open(path)) > 128 for path in sorted((root / "masks").iterdir())}


def test_maps_have_the_scores_of_their_pairs(root, maps, tmp_path):
    result = evaluate(root, "--maps", maps, "--name", "Blob", "--json", tmp_path / "out" / "scores.json")
    assert result.exit_code == 0, result.output
    evaluator = ObjectEvaluator()
    for name, mask in masks(root).items():
        evaluator.add(name, BLOB, mask)
    record = json.loads((tmp_path / "out" / "scores.json").read_text())
    assert record["model"] == "Blob"
    assert record["data"] == "set"
    assert record["empty_masks"] == 1
    assert record["left_out"] == []
    assert record["curves"]["precision"] == pytest.approx(evaluator.curves()["precision"].tolist())
    assert [row["id"] for row in record["rows"]] == ["a", "b", "c"]
    assert record["rows"][1]["wF"] == pytest.approx(evaluate_objects(BLOB, masks(root)["b"])["wF"])
    for metric, row in evaluator.table().iterrows():
        assert record["metrics"][metric] == pytest.approx(row.to_dict())
        assert re.search(rf"^{metric} +{row['mean']:.3f} \[{row['low']:.3f}, {row['high']:.3f}\]$", result.stdout, re.M)
    assert re.search(r"^n +3$", result.stdout, re.M)
    assert "1 of 3 masks are empty" in result.output


def test_models_see_pictures_without_a_sentence(root, untrained, monkeypatch, maps):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))
    predictor = Predictor(["untrained"])
    data = ObjectDataset(root)
    study = ObjectEvaluation(predictor, data, maps=[ObjectMaps("Blob", maps, data)])
    steps = [(step.model, step.done) for step in study.run()]
    assert steps[:2] == [("untrained", 0), ("untrained", 1)]
    assert steps[-1] == ("Blob", 6)
    rows = study.evaluator("untrained").rows().set_index("id")
    density = predictor.predict(data[0].image()).predictions[0].density
    assert rows.loc["a", "S"] == pytest.approx(evaluate_objects(density, data[0].mask())["S"], abs=1e-6)


def test_models_and_maps_are_columns_of_one_table(root, untrained, monkeypatch, maps):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))
    result = evaluate(root, "--model", "untrained", "--maps", maps)
    assert result.exit_code == 0, result.output
    head, *lines = result.stdout.splitlines()
    assert head.split() == ["untrained", "blobs"]
    assert [line.split()[0] for line in lines] == ["n", *OBJECT_METRICS]


def test_maps_of_pictures_may_be_black_or_of_another_size(root, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray((255 * masks(root)["a"]).astype(np.uint8)).save(folder / "a.png")
    Image.fromarray(np.zeros((HEIGHT, WIDTH), dtype=np.uint8)).save(folder / "b.png")
    Image.fromarray(np.full((HEIGHT // 2, WIDTH // 2), 51, dtype=np.uint8)).save(folder / "c.png")
    data = ObjectDataset(root)
    study = ObjectEvaluation(None, data, maps=[ObjectMaps("m", folder, data)])
    assert len(list(study.run())) == 4
    assert study.left_out() == ()
    assert study.evaluator("m").rows()["MAE"].tolist() == pytest.approx([0, masks(root)["b"].mean(), 0.2])


def test_a_repeated_evaluation_reads_the_scores_of_the_first(root, maps, monkeypatch):
    data = ObjectDataset(root)

    def run() -> tuple[list[int], pd.DataFrame]:
        study = ObjectEvaluation(None, data, maps=[ObjectMaps("Blob", maps, data)])
        return [step.done for step in study.run()], study.evaluator("Blob").table()

    steps, first = run()
    assert steps == [0, 1, 2, 3]
    with monkeypatch.context() as patched:
        patched.setattr(object_evaluation, "object_scores", None)  # nothing is computed
        again, second = run()
    assert again == [3]
    pd.testing.assert_frame_equal(first, second)
    result = evaluate(root, "--maps", maps, "--name", "Blob")
    assert "3 of 3 scores are of an earlier run." in result.stderr
    mask = root / "masks" / "a.png"
    Image.fromarray(255 - np.asarray(Image.open(mask))).save(mask)
    os.utime(mask, (1, 1))
    changed, third = run()
    assert changed == [0, 1, 2, 3], "another mask is scored anew"
    assert third.loc["MAE", "mean"] != first.loc["MAE", "mean"]


def test_what_cannot_be_scored_is_left_out(root, maps, tmp_path):
    Image.fromarray(np.zeros((10, 10), dtype=np.uint8)).save(root / "masks" / "a.png")
    np.save(maps / "b.npy", BLOB[:, :30])
    result = evaluate(root, "--maps", maps, "--json", tmp_path / "scores.json")
    assert result.exit_code == 3
    assert "2 samples were left out:" in result.output
    assert "a: The mask “a.png” of sample “a” is 10 x 10, the picture 64 x 48 pixels" in result.output
    assert "b: The map “b.npy” has the shape 48 x 30, the picture 48 x 64: their proportions differ." in result.output
    assert [row["id"] for row in json.loads((tmp_path / "scores.json").read_text())["rows"]] == ["c"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.where(BLOB > 0.5, np.nan, BLOB), "NaN or infinite"),
        (np.stack([BLOB, BLOB]), "2 x 48 x 64"),
        (np.full((HEIGHT, WIDTH), 7.0), "outside of 0 to 1"),
        (BLOB.astype(str), "cannot be used"),
    ],
)
def test_a_map_that_is_none_is_left_out(root, maps, values, why):
    np.save(maps / "b.npy", values)
    result = evaluate(root, "--maps", maps)
    assert result.exit_code == 3
    assert "1 sample was left out:" in result.output
    assert why in result.output


def test_nothing_scored_is_an_error(root, maps):
    for name in "abc":
        Image.fromarray(np.zeros((10, 10), dtype=np.uint8)).save(root / "masks" / f"{name}.png")
    result = evaluate(root, "--maps", maps)
    assert result.exit_code == 2
    assert "Nothing was scored of 3 samples." in result.output


def test_the_curves_are_drawn(root, maps, tmp_path):
    assert evaluate(root, "--maps", maps, "--curves", tmp_path / "new" / "pr.png").exit_code == 0
    assert Image.open(tmp_path / "new" / "pr.png").size == (1350, 600)
    assert "Figures are written as" in evaluate(root, "--maps", maps, "--curves", tmp_path / "pr.txt").output


def test_options_of_another_task_are_refused(root, maps, tmp_path):
    result = evaluate(root, "--maps", maps, "--log", "--profile", "tuebingen")
    assert result.exit_code == 2
    assert re.search(r"does not\s+(│\s+│\s+)?read --log, --profile", result.output)
    arguments = ["evaluate", str(root), "--maps", str(maps), "--curves", str(tmp_path / "pr.png")]
    assert CliRunner().invoke(app, arguments).exit_code == 2


def test_the_command_says_what_it_needs(root, maps):
    assert evaluate(root).exit_code == 2
    assert "no split" in evaluate(root, "--maps", maps, "--split", "test").output
    assert "no data set of salient objects" in evaluate(root / "images", "--maps", maps).output
