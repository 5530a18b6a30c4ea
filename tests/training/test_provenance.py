"""What a card says of the runs behind it."""

import shutil
from pathlib import Path

import pytest
import torch

from saliency import checkpoints
from saliency.errors import RecipeError
from saliency.training import runs as run_module
from saliency.training.loop import Run
from saliency.training.provenance import needs, parts
from saliency.training.recipe import parse_recipe
from saliency.training.runs import identity, run_checkpoint
from saliency.training.training_run import build_method, describe, train


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where runs lie; no checkpoint is shipped."""
    monkeypatch.setattr(run_module, "RUNS", tmp_path / "runs")
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(tmp_path / "none"))
    return tmp_path / "runs"


def test_a_card_names_every_run_behind_it(runs: Path, tiny_recipe: dict):
    first = parse_recipe(tiny_recipe | {"name": "first", "seed": 7, "stages": tiny_recipe["stages"][:1]})
    train(first, quiet=True)
    # A part of a model has no card; its recipe is in the state it leaves.
    part = parse_recipe(tiny_recipe | {"name": "part", "start": [{"run": "first"}]})
    (runs / "part").mkdir()
    torch.save({"recipe": identity(part), "revision": "abc", "done": 4}, runs / "part" / "state.pt")
    second = parse_recipe(tiny_recipe | {"name": "second", "stages": [], "start": [{"run": "first"}, {"run": "part"}]})
    described = describe(second)
    assert list(described.parts) == ["first", "part"]
    assert described.parts["first"].recipe["seed"] == 7
    assert described.parts["first"].revision == describe(first).revision != ""
    assert described.parts["part"].recipe == identity(part)
    assert described.parts["part"].revision == "abc"
    checkpoints.save(build_method(first).model, described, runs / "second")
    # A checkpoint tells of those before it.
    third = describe(parse_recipe(tiny_recipe | {"name": "third", "start": [{"run": "second"}]}))
    assert list(third.parts) == ["first", "part", "second"]


def test_runs_made_with_different_runs_of_one_name_are_not_put_together(runs: Path, tiny_recipe: dict):
    one_stage = tiny_recipe["stages"][:1]
    first = tiny_recipe | {"name": "first", "stages": one_stage}
    train(parse_recipe(first), quiet=True)
    train(parse_recipe(tiny_recipe | {"name": "part", "stages": one_stage, "start": [{"run": "first"}]}), quiet=True)
    for starts in (["first", "part"], ["part", "first"]):
        both = parse_recipe(tiny_recipe | {"name": "both", "stages": [], "start": [{"run": name} for name in starts]})
        assert set(parts(both)) == {"first", "part"}
    shutil.rmtree(runs / "first")
    train(parse_recipe(first | {"seed": 7}), quiet=True)
    for starts in (["first", "part"], ["part", "first"]):
        both = parse_recipe(tiny_recipe | {"name": "both", "stages": [], "start": [{"run": name} for name in starts]})
        with pytest.raises(RecipeError, match=r"“both” cannot build .*: “part” was trained with another “first”"):
            parts(both)
    alone = parse_recipe(tiny_recipe | {"name": "alone", "stages": [], "start": [{"run": "part"}]})
    assert parts(alone)["first"].recipe.get("seed") != 7, "what it was trained with, not what is here"


def test_a_teacher_is_behind_it_too(runs: Path, tiny_recipe: dict):
    train(parse_recipe(tiny_recipe | {"name": "teacher", "stages": tiny_recipe["stages"][:1]}), quiet=True)
    source = {"reader": "flickr8k_entities", "root": "nowhere", "teacher": "teacher"}
    stage = {"name": "captions", "data": [source], "epochs": 1}
    assert list(describe(parse_recipe(tiny_recipe | {"stages": [stage]})).parts) == ["teacher"]


def ended(runs: Path, recipe: dict) -> None:
    """Leave a run of a part of a model as it is when it has ended."""
    whole = parse_recipe(recipe).model_dump(mode="json", exclude_defaults=True)
    (runs / recipe["name"]).mkdir(parents=True)
    torch.save({"recipe": whole, "done": 1}, runs / recipe["name"] / "state.pt")


def test_a_card_lists_what_the_runs_behind_it_began_with_and_learned_from(runs: Path, tiny_recipe: dict):
    def stage(root: str, use: str, **teacher: str) -> dict:
        source = {"reader": "flickr8k_entities", "root": root, "use": use, "terms": f"of {root}"} | teacher
        return {"name": "only", "data": [source], "epochs": 1}

    tiny_recipe |= {"start": []}
    ended(runs, tiny_recipe | {"name": "teacher", "stages": [stage("gaze", "teaching")]})
    begun = [{"run": "forgotten", "note": "a trunk"}]
    ended(runs, tiny_recipe | {"name": "first", "start": begun, "stages": [stage("captions", "words")]})
    taught = [stage("captions", "targets", teacher="teacher")]
    ended(runs, tiny_recipe | {"name": "second", "start": [{"run": "first"}], "stages": taught})
    own = stage("captions", "words") | {"name": "own"}
    starts = [{"run": "second", "note": "the second"}, {"run": "first", "share": 0.5}]
    card = describe(parse_recipe(tiny_recipe | {"start": starts, "stages": [own, stage("more", "")]}))
    assert [tuple(use.model_dump().values()) for use in card.data] == [
        ("captions", "words; targets", "of captions"),
        ("more", "only", "of more"),
    ]
    assert card.origin == ("a trunk", "the second")
    assert list(card.parts) == ["first", "teacher", "second"]


def test_a_teacher_that_broke_off_does_not_teach(runs: Path, tiny_recipe: dict):
    """A shipped one of the same name must not take its place."""
    teacher = parse_recipe(tiny_recipe | {"name": "teacher"})
    Run(teacher, build_method(teacher), runs / "teacher", quiet=True).train(stop_after=1)
    with pytest.raises(RecipeError, match="“teacher”, which this one builds on, lacks 3 of its epochs"):
        run_checkpoint("teacher")
    Run(teacher, build_method(teacher), runs / "teacher", quiet=True).train()
    with pytest.raises(RecipeError, match="“teacher” broke off before it wrote its checkpoint"):
        run_checkpoint("teacher")
    train(teacher, quiet=True)
    assert run_checkpoint("teacher") == runs / "teacher" / "teacher.safetensors"


def test_runs_that_nothing_is_known_of_are_left_out(runs: Path, tiny_recipe: dict):
    assert describe(parse_recipe(tiny_recipe | {"start": [{"run": "forgotten"}]})).parts == {}


def test_a_card_of_something_else_in_a_runs_folder_is_not_believed(runs: Path, tiny_recipe: dict):
    other = parse_recipe(tiny_recipe | {"name": "other"})
    folder = runs / "renamed"
    checkpoints.save(build_method(other).model, describe(other), folder)
    for file in sorted(folder.iterdir()):
        file.rename(folder / f"renamed{file.suffix}")
    later = parse_recipe(tiny_recipe | {"start": [{"run": "renamed"}]})
    assert describe(later).parts == {}


def test_shipped_cards_name_all_that_they_build_on():
    for card in checkpoints.available():
        for name, part in [(card.name, card), *card.parts.items()]:
            recipe = parse_recipe(part.recipe)
            assert recipe.name == name
            assert set(needs(recipe)) <= card.parts.keys(), f"{card.name}: {name}"


@pytest.mark.parametrize("card", checkpoints.available(checkpoints.SHIPPED), ids=lambda card: card.name)
def test_recipes_in_shipped_cards_are_read(card: checkpoints.Card):
    for recipe in (card.recipe, *(part.recipe for part in card.parts.values())):
        assert parse_recipe(recipe).name == recipe["name"]
