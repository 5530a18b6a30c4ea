"""Recipes of the published networks: each builds its network, and trains it on pictures that are small."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from saliency.models.registry import network
from saliency.models.trunks.vgg16_stride8 import torchvision_names
from saliency.training.recipe import Recipe
from saliency.training.recipe_file import RECIPES, load_recipe, recipe_path
from saliency.training.training_run import build_method, method_of, train

PAPER = sorted((RECIPES / "paper").glob("*.yaml"))


@pytest.mark.parametrize("path", PAPER, ids=lambda path: path.stem)
def test_a_recipe_is_that_of_the_published_preset(path: Path):
    recipe = load_recipe(recipe_path(f"paper/{path.stem}"))
    assert recipe.name == f"{path.stem}_paper"
    assert (recipe.model, recipe.preset, recipe.config) == (path.stem, "paper", {})
    assert all(source.terms for stage in recipe.stages for source in stage.data)
    notes = {text.en for text in network(recipe.model).texts}
    public = {start.note for start in recipe.start if start.run is None}
    assert public <= notes, "what a card says of it has a translation"
    method_of(recipe)


def mlnet(tiny_sjtu: Path, *overrides: str) -> Recipe:
    """The recipe of MLNet on four pictures of 48x64, for one epoch."""
    source = json.dumps({"reader": "sjtu_tis", "root": str(tiny_sjtu), "split": "training", "conditions": ["pure"]})
    small = ("config={height: 48, width: 64}", "grid=[6, 8]", "stages.0.epochs=1", "stages.0.batch=2")
    data = (f"stages.0.data.0={source}", f"validation={source.replace('training', 'validation')}")
    return load_recipe(recipe_path("paper/mlnet"), [*small, *data, *overrides])


def test_mlnet_has_the_settings_of_the_paper():
    """Specification, section 6."""
    recipe = load_recipe(recipe_path("paper/mlnet"))
    [stage] = recipe.stages
    model = build_method(recipe.model_copy(update={"start": ()})).model
    assert (model.config.height, model.config.width, model.config.fit) == (480, 640, "pad")
    assert tuple(model.location_prior.shape) == (6, 8)
    assert (stage.optimizer, stage.rate, stage.momentum, stage.batch, stage.epochs) == ("sgd", 1e-3, 0.9, 10, 20)
    assert stage.loss == {"weighted_mse": 1.0, "prior": 1.0}
    assert (stage.augmentation.flip, stage.augmentation.brightness, stage.average) == (0, 0, 0)


def test_mlnet_starts_from_torchvisions_file_and_trains_what_is_not_frozen(tiny_sjtu: Path, tmp_path: Path):
    trunk = build_method(mlnet(tiny_sjtu, "start=[]")).model.trunk.state_dict()
    torch.manual_seed(0)
    theirs = {name: torch.randn(trunk[own].shape) * 0.02 for own, name in torchvision_names().items()}
    save_file(theirs, tmp_path / "vgg16.safetensors")
    recipe = mlnet(tiny_sjtu, "start.0.hub=false", f"start.0.file={tmp_path / 'vgg16.safetensors'}")
    folder = train(recipe, tmp_path / "run", quiet=True)
    trained = load_file(folder / "best.safetensors")
    names = torchvision_names().items()
    changed = {own for own, name in names if not torch.equal(trained[f"trunk.{own}"].float(), theirs[name])}
    assert changed == {f"conv5_{number}.{part}" for number in (2, 3) for part in ("weight", "bias")}
    assert trained["offsets"].any(), "the prior learns"
    card = json.loads((folder / "mlnet_paper.json").read_text())
    assert card["preset"] == "paper"
    assert card["origin"] == [recipe.start[0].note]
