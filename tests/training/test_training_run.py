"""From a recipe to a checkpoint."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from saliency.errors import RecipeError
from saliency.training import runs
from saliency.training.recipe import parse_recipe
from saliency.training.training_run import build_method, describe, train


def test_a_card_lists_what_each_data_set_was_used_for(tiny_recipe: dict):
    own = [{"name": "tiny_sjtu", "use": "first; second", "terms": ""}]
    assert [use.model_dump() for use in describe(parse_recipe(tiny_recipe)).data] == own


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (360, 480)),
        ({"config": {"one_pass": False}}, (240, 320)),
        ({"config": {"height": 120, "width": 160}}, (180, 240)),
    ],
)
def test_pictures_are_those_of_the_recipes_configuration(tiny_recipe: dict, changes: dict, size: tuple[int, int]):
    recipe = parse_recipe(tiny_recipe | {"model": "gsgnet", "config": {}} | changes)
    pictures = describe(recipe).preprocessing
    assert (pictures.height, pictures.width) == size


def test_a_recipe_without_stages_puts_a_model_together(
    tiny_recipe: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(runs, "RUNS", tmp_path)
    weights = {}
    for seed, run in enumerate(("first", "second")):
        model = build_method(parse_recipe(tiny_recipe | {"seed": seed})).model
        weights[run] = {name: value.contiguous() for name, value in model.state_dict().items()}
        (tmp_path / run).mkdir()
        save_file(weights[run], tmp_path / run / "best.safetensors")
    starts = [{"run": "first"}, {"run": "second", "source": "readout.", "target": "readout."}]
    folder = train(parse_recipe(tiny_recipe | {"stages": [], "start": starts}), quiet=True)
    found = load_file(folder / "tiny.safetensors")
    assert found.keys() == weights["first"].keys()
    for name, value in found.items():
        expected = weights["second" if name.startswith("readout.") else "first"][name]
        assert torch.equal(value, expected.to(value.dtype)), name
    assert (folder / "tiny.json").is_file()
    later = build_method(parse_recipe(tiny_recipe | {"start": [{"run": "tiny"}]})).model.state_dict()
    torch.testing.assert_close(later["readout.weight"], found["readout.weight"].float())


def test_a_model_is_not_put_together_with_parts_missing(tiny_recipe: dict, earlier):
    weights = build_method(parse_recipe(tiny_recipe)).model.state_dict()
    del weights["readout.weight"]
    save_file({name: value.contiguous() for name, value in weights.items()}, runs.RUNS / "earlier" / "best.safetensors")
    with pytest.raises(RecipeError, match=r"“readout\.weight”"):
        build_method(parse_recipe(tiny_recipe | {"stages": [], "start": [{"run": "earlier"}]}))


@pytest.mark.parametrize(
    "change",
    [
        {"config": {"widht": [8]}},
        {"method": "grounding", "config": {"object": True}, "stages": []},
    ],
)
def test_a_configuration_that_does_not_fit_is_a_sentence(tiny_recipe: dict, change: dict):
    with pytest.raises(RecipeError, match="“config” does not fit"):
        build_method(parse_recipe(tiny_recipe | change))


def test_a_grid_that_is_not_the_models_is_refused(tiny_recipe: dict):
    recipe = parse_recipe(tiny_recipe | {"grid": [60, 80]})
    with pytest.raises(RecipeError, match=r"grid is \[60, 80\], but the maps of its model are \[96, 128\]"):
        build_method(recipe)


def test_a_share_of_weights_that_nothing_filled_is_refused(tiny_recipe: dict, earlier):
    weights = build_method(parse_recipe(tiny_recipe)).model.state_dict()
    whole = {name: value.contiguous() for name, value in weights.items()}
    save_file(whole, runs.RUNS / "earlier" / "best.safetensors")
    share = {"run": "earlier", "share": 0.5}
    build_method(parse_recipe(tiny_recipe | {"start": [{"run": "earlier"}, share]}))
    with pytest.raises(RecipeError, match=r"“earlier” is to be a share of “.+”, which no start before it fills"):
        build_method(parse_recipe(tiny_recipe | {"start": [share]}))
