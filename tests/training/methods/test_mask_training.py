"""Masks of objects: what the scenes show, and that cached maps of words change nothing."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from saliency.archive import write_archive
from saliency.conditions import Condition
from saliency.data import ObjectDataset, ObjectSample
from saliency.errors import RecipeError
from saliency.predictor import Predictor
from saliency.preprocessing import Preprocessing
from saliency.training.loop import Run, batches
from saliency.training.methods import mask_training
from saliency.training.methods.mask_training import ObjectsMethod
from saliency.training.recipe import parse_recipe
from saliency.training.targets.object_scenes import mosaic, object_pairs
from saliency.training.training_run import build_method, train
from saliency.ui.shared.model_choice import choices
from saliency.ui.shared.presentation import present


def content_on(masks: Path, phrases: dict) -> dict:
    """A recipe on them and on pictures of two squares with phrases; every caption is one."""
    source = {"reader": "folder", "root": str(masks)}
    return {
        "name": "masks",
        "method": "objects",
        "model": "sdg_sod",
        "config": {
            "trunk": "colours",
            "height": 64,
            "width": 96,
            "objects": False,
            "channels": 16,
            "hidden": 16,
            "grounding_dim": 16,
            "one_pass": False,
        },
        "grid": [32, 48],
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "masks",
                "data": [source | {"split": "training"}, phrases | {"limit": 10}],
                "epochs": 2,
                "batch": 8,
                "rate": 1e-2,
                "rates": {"trunk": 0, "grounding": 0},
                "average": 0.5,
                "loss": {"structure": 1.0, "projection": 0.5},
                "augmentation": {"flip": 0.5, "brightness": 0, "contrast": 0},
                "options": {"mosaics": 6, "singles": 20},
            }
        ],
    }


@pytest.fixture
def content(masks: Path, squares_source: dict, monkeypatch: pytest.MonkeyPatch) -> dict:
    """See `content_on`."""
    monkeypatch.setattr(mask_training, "generated_captions", captions)
    return content_on(masks, squares_source)


def captions(samples: list[ObjectSample], folder: Path) -> dict[str, str]:
    """Instead of those that a captioner makes."""
    return {sample.stem: "a bright thing" for sample in samples}


def method_of(content: dict) -> ObjectsMethod:
    method = build_method(parse_recipe(content))
    assert isinstance(method, ObjectsMethod)
    return method


def test_scenes_are_pictures_mosaics_and_phrases(content: dict):
    method = method_of(content)
    dataset = method.dataset(method.recipe.stages[0])
    kinds = [(len(scene.files), scene.targets[0].boxed) for scene in dataset.scenes]
    assert [kinds.count(kind) for kind in ((1, False), (2, False), (1, True))] == [20, 6, 10]
    texts = {target.sentence for scene in dataset.scenes for target in scene.targets}
    assert {"", "a bright thing"} < texts
    assert any("square" in text for text in texts)


def test_pictures_alone_have_captions_where_the_stage_says_so(content: dict):
    for options, expected in (({}, [""]), ({"captioned": True}, ["", "a bright thing"])):
        content["stages"][0] |= {"options": {"singles": 20, "mosaics": 0, **options}}
        method = method_of(content)
        scenes = [scene for scene in method.dataset(method.recipe.stages[0]).scenes if not scene.targets[0].boxed]
        assert len(scenes) == 20
        assert all([target.sentence for target in scene.targets] == expected for scene in scenes)
        assert all(len(scene.files) == 1 for scene in method.validation_dataset().scenes), "no stage has mosaics"


def test_a_mosaic_shows_two_things_and_its_targets_one_each(masks: Path):
    samples = list(ObjectDataset(masks))
    pair = object_pairs(samples, 1)[0]
    scene = mosaic(pair, {sample.stem: sample.stem for sample in pair})
    assert [target.sentence for target in scene.targets] == [sample.stem for sample in pair]
    picture = scene.picture(Preprocessing(48, 64)).max(axis=2)
    targets = [target.target((48, 64)) for target in scene.targets]
    assert not (targets[0] * targets[1]).any()
    bright = picture > 110
    for target in targets:
        assert target.sum() > 50
        assert bright[target > 0.9].mean() > 0.95
    assert bright[(targets[0] + targets[1]) == 0].mean() < 0.1


def test_cached_maps_of_words_change_nothing(content: dict):
    method = method_of(content)
    stage = method.recipe.stages[0]
    with torch.no_grad():
        for guide in method.model.guides.values():
            guide.xi.weight.normal_()
    plain = method.dataset(stage)
    cached = method.dataset(stage.model_copy(update={"options": stage.options | {"cache_features": True}}))
    numbers = [*[n for n, flip in enumerate(cached.flips) if not flip][:3], len(cached) - 1, len(cached) - 12]
    found = []
    for dataset in (plain, cached):
        dataset.flips = [False] * len(dataset) if dataset is plain else dataset.flips
        batch = dataset.collate([dataset[n] for n in numbers if not cached.flips[n]])
        found.append(method.forward(method.model.eval(), batch))
    assert found[0].std() > 0
    torch.testing.assert_close(*found, atol=2e-2, rtol=1e-2)  # half precision


def test_it_learns_and_leaves_trunk_and_grounding_alone(content: dict, tmp_path: Path):
    method = method_of(content)
    before = {name: value.clone() for name, value in method.model.state_dict().items()}
    first = method.validate(method.model.eval())
    assert set(first) == {
        "score",
        *(f"{name}{kind}" for name in ("mae", "f") for kind in ("", "_captioned", "_mosaic")),
    }
    best = Run(method.recipe, method, tmp_path / "run", quiet=True).train()
    assert best["score"] > first["score"] + 0.02
    changed = {
        name.split(".")[0] for name, value in method.model.state_dict().items() if not torch.equal(value, before[name])
    }
    assert {"head", "guides", "context"} <= changed
    assert not {"trunk", "grounding"} & changed


def test_what_it_trains_is_offered_as_a_model_of_objects(
    content: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    content["stages"][0]["epochs"] = 1
    folder = train(parse_recipe(content), tmp_path / "run", quiet=True)
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(folder))
    predictor = Predictor(["masks", "centre_prior"])
    picture = np.full((40, 60, 3), 90, np.uint8)
    comparison = predictor.predict(picture, {Condition.PURE: "", Condition.SALIENT: "A red square"})
    assert comparison.gaze_models == ("centre_prior",)
    assert "model_choice.objects" in dict(reversed(choice) for choice in choices(predictor))["masks"]
    view = present(comparison)
    assert [model["task"] for model in view["models"]] == ["objects", "gaze"]
    write_archive(comparison, tmp_path / "all.zip")
    cutouts = [name for name in zipfile.ZipFile(tmp_path / "all.zip").namelist() if name.startswith("cutouts/")]
    assert cutouts == ["cutouts/masks.pure.png", "cutouts/masks.salient.png"]


def test_without_guidance_it_learns_of_masks_alone(content: dict):
    content["config"]["guided"] = []
    method = method_of(content)
    dataset = method.dataset(method.recipe.stages[0])
    assert {target.sentence for scene in dataset.scenes for target in scene.targets} == {""}
    batch = next(iter(batches(dataset, 8)))
    assert method.forward(method.model, batch).shape == (8, 1, 32, 48)


def test_what_the_method_refuses(content: dict):
    content["stages"][0]["rates"] = {"trunk": 0}
    content["stages"][0]["options"]["cache_features"] = True
    with pytest.raises(RecipeError, match="grounding must be frozen"):
        method_of(content)
    content["model"], content["config"] = "mlnet", {}
    with pytest.raises(RecipeError, match="models of objects"):
        method_of(content)
