"""An experiment: its runs are trained once, measured on the same samples, and stand beside each other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from PIL import Image

from saliency.analysis import METRICS
from saliency.errors import RecipeError
from saliency.models import registry
from saliency.report.paper_experiment import EXPERIMENTS, compared, conduct, load_experiment, seeded
from saliency.report.training_curves import training_curves
from saliency.training.loop import Run
from saliency.training.methods import check_loss, method_of
from tests.samples import both_groups, write_data_set


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.glob("*.yaml")), ids=lambda path: path.stem)
def test_experiments_that_ship_can_be_read_with_all_their_recipes(path: Path) -> None:
    experiment = load_experiment(path.stem)
    assert experiment.name == path.stem
    recipes = [recipe for variant in experiment.runs.values() for recipe in seeded(variant, experiment.seeds)]
    assert len({recipe.name for recipe in recipes}) == len(recipes), "two runs would share a folder"
    assert {recipe.seed for recipe in recipes} == set(experiment.seeds)
    for recipe in recipes:
        preset = registry.preset(recipe.model, recipe.preset, **recipe.config)
        with torch.device("meta"):
            model = registry.spec(recipe.model).model(preset.config)
        check_loss(recipe, method_of(recipe).terms, tuple(model.losses))
        parts = [name for name, _ in model.named_parameters()]
        for prefix in {prefix for stage in recipe.stages for prefix in stage.rates}:
            assert any(part.startswith(prefix) for part in parts), f"{recipe.name} has no {prefix}"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a data set, a recipe of MLNet in seconds, and an experiment about its prior."""
    monkeypatch.chdir(tmp_path)
    write_data_set(tmp_path / "data", 10, both_groups, validation=3)
    Image.fromarray(np.full((40, 60, 3), 90, np.uint8)).save("example.png")
    source = {"reader": "sjtu_tis", "root": "data", "split": "training", "conditions": ["pure"]}
    loss = {"weighted_mse": 1.0, "prior": 1.0}
    recipe = {
        "name": "tiny",
        "model": "mlnet",
        "config": {"trunk": "test_resnet", "height": 96, "width": 160, "channels": 8},
        "grid": [12, 20],
        "validation": source | {"split": "validation"},
        "stages": [{"name": "one", "data": [source], "epochs": 1, "batch": 2, "rate": 1e-2, "loss": loss}],
    }
    Path("tiny.yaml").write_text(yaml.safe_dump(recipe))
    without = ["name=plain", "config.prior=false", "stages.0.loss={weighted_mse: 1}"]
    experiment = {
        "name": "prior",
        "question": "Does it help?",
        "runs": {"with": {"recipe": "tiny.yaml"}, "without": {"recipe": "tiny.yaml", "overrides": without}},
        "seeds": [42, 43],
        "data": {"pure": source | {"split": "validation"}},
        "example": "example.png",
    }
    Path("prior.yaml").write_text(yaml.safe_dump(experiment))
    return tmp_path


def test_runs_are_trained_once_and_compared(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[str] = []
    train = Run.train
    monkeypatch.setattr(Run, "train", lambda run, *rest: trained.append(run.recipe.name) or train(run, *rest))
    folder = conduct(load_experiment("prior.yaml"))
    assert trained == ["tiny", "tiny43", "plain", "plain43"]
    text = (folder / "results.md").read_text()
    rows = {cells[0]: cells[1:] for line in text.splitlines() if (cells := line.strip("| ").split(" | "))[1:]}
    assert rows["with"][0] != rows["without"][0]
    assert text.startswith("# Does it help?\n\nSeeds: 42, 43.")
    assert "3 pictures." in text
    assert len(rows["with minus without"]) == len(METRICS)
    for name in ("example.png", "curves.png"):
        assert np.asarray(Image.open(folder / name)).std() > 0
    conduct(load_experiment("prior.yaml"))
    assert len(trained) == 4


def test_curves_have_a_line_per_seed_and_name_each_run_once() -> None:
    def epochs(*scores: float) -> list[dict]:
        return [{"training": {"loss": -score}, "validation": {"score": score}} for score in scores]

    losses, scores = training_curves({"one": [epochs(0.5, 0.6), epochs(0.4, 0.7)], "other": [epochs(0.3)]}).axes
    assert [list(line.get_ydata()) for line in scores.lines] == [[0.5, 0.6], [0.4, 0.7], [0.3]]
    assert [list(line.get_ydata()) for line in losses.lines] == [[-0.5, -0.6], [-0.4, -0.7], [-0.3]]
    assert [text.get_text() for text in scores.get_legend().get_texts()] == ["one", "other"]
    assert scores.lines[0].get_color() == scores.lines[1].get_color() != scores.lines[2].get_color()


def test_a_difference_is_of_the_same_samples() -> None:
    def scores(model: str, values: list[float]) -> pd.DataFrame:
        rows = pd.DataFrame({"stem": list("abc"), "picture": list("abc"), "condition": "pure", "model": model})
        return rows.assign(**dict.fromkeys(METRICS, values))

    lines = compared(
        pd.concat([scores("one", [0.5, 0.7, 0.9]), scores("other", [0.4, 0.6, 0.8])]), METRICS
    ).splitlines()
    assert lines[0] == "3 pictures."
    assert lines[4].startswith("| one | 0.700 (")
    assert lines[6].startswith("| one minus other | 0.100 (0.100 to 0.100) |")


def test_a_wrong_key_is_named(place: Path) -> None:
    Path("wrong.yaml").write_text(Path("prior.yaml").read_text() + "colour: red\n")
    with pytest.raises(RecipeError, match="“colour” of the experiment “wrong”"):
        load_experiment("wrong.yaml")
    with pytest.raises(RecipeError, match=r"no recipe “nothing\.yaml”"):
        load_experiment("nothing")
