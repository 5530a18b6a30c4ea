"""Recipes: what stands in the repository loads; what does not stand is refused by name."""

import json
from pathlib import Path

import pytest
import yaml

from saliency.errors import RecipeError
from saliency.training.methods import check_loss
from saliency.training.recipe import Recipe, parse_recipe
from saliency.training.recipe_file import load_recipe, shipped_recipes
from saliency.training.runs import identity, is_of
from saliency.training.training_run import build_method, method_of

RECIPES = {path.stem: path for path in shipped_recipes()}
CARDS = Path(__file__).parents[2] / "checkpoints"


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_of_the_repository_loads(name: str):
    recipe = load_recipe(RECIPES[name])
    assert recipe.name == name
    assert all(source.terms for stage in recipe.stages for source in stage.data)
    method_of(recipe)


@pytest.mark.parametrize("checkpoint", ["transalnet", "tranblend", "gsgnet"])
def test_recipes_are_those_that_the_shipped_checkpoints_were_trained_with(checkpoint: str):
    """Cards hold whole recipes, without defaults and named sources."""
    card = json.loads((CARDS / f"{checkpoint}.json").read_text())
    for content in (card["recipe"], *(part["recipe"] for part in card["parts"].values())):
        recorded = Recipe.model_validate(content)
        recipe = load_recipe(RECIPES[recorded.name])
        assert identity(recipe) == identity(recorded)
        uses = [[(s.root, s.use, s.terms) for stage in one.stages for s in stage.data] for one in (recipe, recorded)]
        assert uses[0] == uses[1]


def test_a_recipe_inherits_defaults_and_names_its_sources(tmp_path: Path):
    (tmp_path / "defaults.yaml").write_text(
        "seed: 7\nvalidation: {source: mine, split: validation}\n"
        "stage: {batch: 3, augmentation: {flip: 0.5, crop: 0.1}}\n"
    )
    (tmp_path / "sources.yaml").write_text("mine: {reader: sjtu_tis, root: somewhere, terms: ours}\n")
    (tmp_path / "own.yaml").write_text(
        "name: own\ndefaults: defaults.yaml\nmodel: clip_salgan\nstages:\n"
        "- {name: a, epochs: 1, augmentation: {crop: 0}, data: [{source: mine, split: training, use: reading}]}\n"
        "- {name: b, epochs: 1, batch: 5, data: [{source: freeview, limit: 4}]}\n"
    )
    recipe = load_recipe(tmp_path / "own.yaml", ["stages.0.augmentation.flip=0.2"])
    first, second = recipe.stages
    assert (recipe.seed, first.batch, second.batch) == (7, 3, 5)
    assert (first.augmentation.flip, first.augmentation.crop) == (0.2, 0)
    assert (second.augmentation.flip, second.augmentation.crop) == (0.5, 0.1), "of the first stage alone"
    assert (recipe.validation.root, recipe.validation.split) == (Path("somewhere"), "validation")
    [data] = first.data
    assert (data.reader, data.root, data.split, data.terms, data.use) == (
        "sjtu_tis", Path("somewhere"), "training", "ours", "reading",
    )  # fmt: skip
    assert second.data[0].reader == "folder", "a source that ships"
    with pytest.raises(RecipeError, match=r"no data source “theirs”\. There are: .*mine"):
        load_recipe(tmp_path / "own.yaml", ["validation.source=theirs"])


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("colour", {"colour": "red"}),
        ("seed", {"seed": "many"}),
        ("validation.folder", {"validation": {"reader": "sjtu_tis", "root": ".", "folder": "x"}}),
        ("validation", {"validation": {"reader": "folder", "root": ".", "conditions": ["pure"]}}),
        ("stages.0.optimizer", {"stages": [{"name": "one", "data": [], "epochs": 1, "optimizer": "lion"}]}),
        ("stages.0.momentum", {"stages": [{"name": "one", "data": [], "epochs": 1, "momentum": 1}]}),
        ("validation", {"validation": {"reader": "flickr8k_entities", "root": ".", "sentence_pairs": True}}),
        ("validation", {"validation": {"reader": "flickr8k_entities", "root": ".", "template_sentences": True}}),
        (
            "validation",
            {"validation": {"reader": "sjtu_tis", "root": ".", "template_sentences": True, "sentence_pairs": True}},
        ),
        ("validation", {"validation": {"reader": "sjtu_tis", "root": ".", "teacher": "transalnet"}}),
        ("validation.reader", {"validation": {"reader": "flickr30k", "root": "."}}),
        ("validation.conditions.0", {"validation": {"reader": "sjtu_tis", "root": ".", "conditions": ["pur"]}}),
        ("start.0", {"start": [{"target": "trunk"}]}),
        ("start.0", {"start": [{"file": "trunk.safetensors", "run": "earlier"}]}),
    ],
)
def test_an_unknown_or_wrong_key_is_named(tiny_recipe: dict, key: str, change: dict):
    with pytest.raises(RecipeError, match=f"“{key}”"):
        parse_recipe(tiny_recipe | change)


def test_an_unknown_loss_term_is_named(tiny_recipe: dict):
    tiny_recipe["stages"][0]["loss"] = {"klo": 1.0}
    with pytest.raises(RecipeError, match="“klo”"):
        build_method(parse_recipe(tiny_recipe))


@pytest.mark.parametrize(
    ("method", "change", "said"),
    [
        ("grounding", {"loss": {"boxes": 1.0}, "augmentation": {"crop": 0.1}}, "“grounding” knows no “crop”"),
        ("referent", {"augmentation": {"brightness": 0.1}}, "“referent” knows no “brightness”"),
        ("referent", {"loss": {"nss": -1.0}}, "unknown term “nss”"),
        ("adversarial", {"loss": {"named": 1.0}}, "unknown term “named”"),
        ("magic", {}, "no method “magic”"),
    ],
)
def test_what_a_method_does_not_do_is_refused(tiny_recipe: dict, method: str, change: dict, said: str):
    stage = tiny_recipe["stages"][0] | change
    with pytest.raises(RecipeError, match=said):
        build_method(parse_recipe(tiny_recipe | {"method": method, "stages": [stage]}))


@pytest.mark.parametrize("loss", [{}, {"named": 0.3}])
def test_a_loss_of_nothing_is_refused(tiny_recipe: dict, loss: dict):
    tiny_recipe["stages"][1]["loss"] = loss
    with pytest.raises(RecipeError, match="loss of the stage “second” has no term"):
        check_loss(parse_recipe(tiny_recipe), ("kl", "cc", "sim"), own=("named",))


def test_a_term_that_the_model_has_not_is_refused(tiny_recipe: dict):
    tiny_recipe["stages"][1]["loss"] = {"kl": 1.0, "named": 0.3}
    with pytest.raises(RecipeError, match="unknown term “named”"):
        build_method(parse_recipe(tiny_recipe))


def test_overrides_reach_into_the_recipe(tiny_recipe: dict, tmp_path: Path):
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_recipe))
    recipe = load_recipe(path, ["seed=7", "stages.1.epochs=5"])
    assert (recipe.seed, recipe.stages[0].epochs, recipe.stages[1].epochs) == (7, 2, 5)


@pytest.mark.parametrize("override", ["seed", "stages.9.epochs=1", "stages.first.epochs=1"])
def test_an_override_without_a_place_is_refused(tiny_recipe: dict, tmp_path: Path, override: str):
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(tiny_recipe))
    with pytest.raises(RecipeError, match=override.split("=")[0]):
        load_recipe(path, [override])


def test_a_missing_recipe_is_a_sentence_without_a_path(tmp_path: Path):
    with pytest.raises(RecipeError) as caught:
        load_recipe(tmp_path / "nowhere.yaml")
    assert str(tmp_path) not in str(caught.value)


def test_older_recipes_are_read_under_the_present_keys():
    """Run folders and cards hold them; a run under them can be resumed."""
    content = {"name": "run", "method": "referent", "model": "tranblend"}
    source = {"reader": "sjtu_tis", "root": "."}
    stage = {"name": "stage", "epochs": 1, "options": {"keep": True}}
    old = content | {
        "validation": source | {"joined": True},
        "stages": [stage | {"data": [source | {"detected": True}]}],
    }
    new = content | {
        "method": "referent",
        "validation": source | {"sentence_pairs": True},
        "stages": [stage | {"data": [source | {"template_sentences": True}], "options": {"cache_features": True}}],
    }
    assert parse_recipe(old) == parse_recipe(new)
    assert is_of({"recipe": old}, parse_recipe(new))
    with pytest.raises(RecipeError, match="joined"):
        parse_recipe(old | {"validation": source | {"joined": True, "sentence_pairs": False}})
