"""The recipes that ship, and the command that trains them."""

from pathlib import Path

import pytest
import torch

from saliency.cli import train as command
from saliency.training import prerequisites, runs
from saliency.training.provenance import needs
from saliency.training.recipe_file import load_recipe, recipe_path, shipped_recipes
from saliency.training.runs import identity
from saliency.training.training_run import PARTS


def test_numbers_next_to_zero_are_zero_in_training(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Processors are slow with them, and gradients are full of them."""
    products = []

    def trained(recipe):
        products.append(float(torch.full((1,), 1e-38) * 0.01))
        return tmp_path

    monkeypatch.setattr(command, "run", trained)
    assert float(torch.full((1,), 1e-38) * 0.01) > 0
    try:
        command.train("referent")
    finally:
        torch.set_flush_denormal(False)
    assert products == [0]


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Names of what was trained, in order; it leaves what a run leaves in an empty folder of runs."""
    names = []

    def train(recipe):
        names.append(recipe.name)
        folder = tmp_path / recipe.name
        folder.mkdir(exist_ok=True)
        result = "best.safetensors" if recipe.method in PARTS else f"{recipe.name}.json"
        (folder / result).touch()
        return folder

    monkeypatch.setattr(runs, "RUNS", tmp_path)
    monkeypatch.setattr(command, "run", train)
    monkeypatch.setattr(prerequisites, "train", train)
    monkeypatch.setattr(torch, "set_flush_denormal", lambda on: None)
    return names


@pytest.mark.parametrize("name", [path.stem for path in shipped_recipes()])
def test_one_command_trains_all_that_a_recipe_builds_on_before_it(trained: list[str], name: str):
    command.train(name, from_nothing=True)
    assert trained[-1] == name
    assert len(set(trained)) == len(trained)
    for position, one in enumerate(trained):
        needed = needs(load_recipe(recipe_path(one)))
        assert set(needed) <= set(trained[:position]), f"{one} comes before what it needs"


def test_what_has_ended_is_not_trained_again_and_what_broke_off_is(trained: list[str], tmp_path: Path):
    command.train("tranblend", from_nothing=True)
    recipe = load_recipe(recipe_path("referent"))
    torch.save({"recipe": identity(recipe), "done": 1}, tmp_path / "referent" / "state.pt")
    (tmp_path / "presence" / "best.safetensors").unlink()
    trained.clear()
    command.train("tranblend", from_nothing=True)
    assert trained == ["referent", "presence", "tranblend"]


def test_a_recipe_alone_trains_nothing_else(trained: list[str]):
    command.train("tranblend")
    assert trained == ["tranblend"]


@pytest.mark.parametrize(("seed", "again"), [(42, []), (43, ["referent"])])
def test_a_run_of_another_recipe_is_not_built_upon(trained: list[str], tmp_path: Path, seed: int, again: list[str]):
    """Training it ends with a sentence, as its folder is taken."""
    command.train("tranblend", from_nothing=True)
    (tmp_path / "presence" / "best.safetensors").unlink()
    trained.clear()
    recipe = load_recipe(recipe_path("referent"), [f"seed={seed}"])
    epochs = sum(stage.epochs for stage in recipe.stages)
    torch.save({"recipe": identity(recipe), "done": epochs}, tmp_path / "referent" / "state.pt")
    command.train("tranblend", from_nothing=True)
    assert trained == [*again, "presence", "tranblend"]


def test_another_seeds_run_is_built_upon(trained: list[str]):
    command.train("tranblend", ["name=tranblend43", "start.3.run=presence43"], from_nothing=True)
    assert trained == ["transalnet", "backbone", "grounding", "tranblend_words", "tranblend43"]
