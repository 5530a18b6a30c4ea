"""What a sentence is about is learned from captions, and nothing else changes."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from saliency.errors import RecipeError
from saliency.models import registry
from saliency.models.features import select
from saliency.preprocessing import Preprocessing
from saliency.training.loop import Run, batches
from saliency.training.methods.referent import ReferentDataset, ReferentMethod
from saliency.training.recipe import parse_recipe
from saliency.training.targets.mosaics import GazeTarget, sided
from saliency.training.training_run import build_method

from .. import squares
from ..squares import ColourTrunk, grounding_model


def content_on(source: dict) -> dict:
    """A recipe on pictures with two squares of different colours."""
    return {
        "name": "about",
        "method": "referent",
        "model": "tranblend",
        "config": {"backbone": {"trunk": "colours"}, "grounding_dim": 32, "objects": False},
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "captions",
                "data": [source],
                "epochs": 4,
                "batch": 8,
                "rate": 3e-3,
                "average": 0.8,
                "loss": {"kl": 1.0, "cc": -1.0},
                "augmentation": {"flip": 0.5},
                "options": {"singles": 60, "sentences": 3},
            }
        ],
    }


@pytest.fixture
def content(squares_source: dict) -> dict:
    """See `content_on`."""
    return content_on(squares_source)


def method_of(content: dict) -> ReferentMethod:
    recipe = parse_recipe(content)
    config = registry.preset(recipe.model, recipe.preset, **recipe.config).config
    torch.manual_seed(recipe.seed)
    model = grounding_model(config.referent, config.objects)
    return ReferentMethod(recipe, model, Preprocessing(64, 96), "minilm")


def test_it_learns_which_square_a_sentence_is_about(content: dict, tmp_path: Path):
    method = method_of(content)
    weights = {name: value.clone() for name, value in method.model.state_dict().items()}
    before = method.validate(method.model.eval())
    run = Run(method.recipe, method, tmp_path / "run", quiet=True)
    scores = run.train()
    history = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    assert history[-1]["training"]["kl"] < 0.8 * history[0]["training"]["kl"]
    assert before["score"] < 0.2 < 0.4 < scores["score"]
    changed = {name for name, value in method.model.state_dict().items() if not torch.equal(value, weights[name])}
    assert changed
    assert all(name.startswith("grounding.referent.") for name in changed)


class NormalisedTrunk(ColourTrunk):
    """With a batch norm with statistics of other pictures."""

    def __init__(self, levels: tuple[int, ...]):
        super().__init__(levels)
        self.mix = torch.nn.Sequential(self.mix, torch.nn.BatchNorm2d(16))
        self.mix[1].running_mean.fill_(0.3)


def test_frozen_batch_norms_stay_unchanged(content: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(squares, "ColourTrunk", NormalisedTrunk)
    content["stages"][0]["epochs"] = 1
    method = method_of(content)
    before = {name: value.clone() for name, value in method.model.trunk.state_dict().items()}
    Run(method.recipe, method, tmp_path / "run", quiet=True).train()
    for name, value in method.model.trunk.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)


def test_a_step_in_bfloat16_is_a_step(content: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("saliency.runtime.precision.preferred_dtype", lambda device: torch.bfloat16)
    method = method_of(content)
    stage = method.recipe.stages[0]
    learners = method.learners(stage, 1, Run(method.recipe, method, tmp_path / "run", quiet=True))
    before = method.model.grounding.referent.positions.detach().clone()
    terms = method.step(next(iter(batches(method.dataset(stage), stage.batch))), learners, stage, 0)
    assert all(math.isfinite(value) for value in terms.values())
    assert 0 < (method.model.grounding.referent.positions - before).abs().max() < 0.1


def test_a_mirrored_scene_has_mirrored_words_and_targets(content: dict):
    """The trunk of these tests sees each place alone, so that what it says of a mirrored picture is mirrored."""
    method = method_of(content)
    content["stages"][0]["augmentation"] = {"flip": 1.0}
    turned = method.dataset(parse_recipe(content).stages[0])
    content["stages"][0]["augmentation"] = {"flip": 0.0}
    plain = method.dataset(parse_recipe(content).stages[0])
    number = next(n for n, scene in enumerate(plain.scenes) if any(sided(target) for target in scene.sentences))
    known = plain.scenes[number].sentences
    torch.testing.assert_close(turned.pixels(number), plain.pixels(number).flip(-1))
    one, other = (dataset.collate([(number, known)]) for dataset in (plain, turned))
    torch.testing.assert_close(other.target, one.target.flip(-1))
    for name, value in one.pictures.items():
        torch.testing.assert_close(other.pictures[name], value.flip(-1), atol=1e-2, rtol=1e-2)
        assert not torch.allclose(other.pictures[name], value, atol=0.1)
    same = [torch.equal(*pair) for pair in zip(one.text.sentence, other.text.sentence, strict=True)]
    assert same == [not sided(about) for about in known]


def test_cached_features_are_those_of_the_model(content: dict):
    method = method_of(content)
    dataset = method.dataset(method.recipe.stages[0])
    numbers = [5, 0, 3]
    batch = dataset.collate([dataset[number] for number in numbers])
    pixels = torch.stack([dataset.pixels(number) for number in numbers])
    grounding = method.model.grounding
    with torch.no_grad():
        answer = method.forward(method.model.eval(), batch)
        features = grounding.referent.encode(method.model.front_end(pixels))
        expected = grounding.referent(select(features, batch.index), batch.text).map
    torch.testing.assert_close(answer, expected, atol=1e-3, rtol=1e-2)


def test_gaze_is_learned_beside_captions(content: dict, tiny_sjtu: Path):
    gaze = {"reader": "sjtu_tis", "root": str(tiny_sjtu), "split": "training", "conditions": ["salient"]}
    content["stages"][0]["data"].append(gaze)
    method = method_of(content)
    scenes = method.dataset(method.recipe.stages[0]).scenes
    single = [scene for scene in scenes if len(scene.pictures) == 1 and isinstance(scene.sentences[0], GazeTarget)]
    assert len(single) == 4
    assert all([target.sentence for target in scene.sentences] == ["a square on the left"] for scene in single)


def test_what_a_detector_finds_is_named_beside_captions(content: dict, tiny_sjtu: Path, monkeypatch):
    thing = np.array([[0.0, 0.25, 0.25, 0.75]])
    for source in (content["validation"], content["stages"][0]["data"][0]):
        source["limit"] = 4  # the detector reads every picture
    shown = {"reader": "sjtu_tis", "root": str(tiny_sjtu), "split": "training", "template_sentences": True}
    without = len(loaded(content))
    content["stages"][0]["data"].append(shown)
    content["stages"][0]["options"] |= {"singles": 60, "named": 9}
    with pytest.raises(RecipeError, match="objects: true"):
        loaded(content)
    del content["config"]["objects"]  # the preset has it
    monkeypatch.setattr("saliency.training.methods.referent.detections", lambda paths, *_: {path: {} for path in paths})
    with pytest.raises(RecipeError, match="finds nothing"):
        loaded(content)
    monkeypatch.setattr(
        "saliency.training.methods.referent.detections", lambda paths, *_: {path: {"laptop": thing} for path in paths}
    )
    *alone, mosaic = loaded(content).scenes[without:]
    assert [len(scene.pictures) for scene in (*alone, mosaic)] == [1, 1, 1, 1, 4]
    assert {len(scene.sentences) for scene in (*alone, mosaic)} == {9}
    text = {about.sentence.rstrip("."): about for scene in alone for about in scene.sentences}
    assert text["A laptop"].boxes.tolist() == thing.tolist()
    for about in mosaic.sentences:
        assert len(about.boxes) == (2 if sided(about) else 4)


def test_what_a_detector_finds_validates_nothing(content: dict, tiny_sjtu: Path):
    content["validation"] = {"reader": "sjtu_tis", "root": str(tiny_sjtu), "template_sentences": True}
    with pytest.raises(RecipeError, match="for training only"):
        method_of(content)


def test_gaze_without_sentences_is_refused_before_anything_is_trained(content: dict, tiny_sjtu: Path):
    content["validation"] = {"reader": "sjtu_tis", "root": str(tiny_sjtu), "conditions": ["pure"]}
    with pytest.raises(RecipeError, match="no sentence"):
        method_of(content)


def loaded(content: dict) -> ReferentDataset:
    method = method_of(content)
    return method.dataset(method.recipe.stages[0])


def test_a_model_without_a_referent_head_is_refused(content: dict):
    content["config"]["referent"] = False
    with pytest.raises(RecipeError, match="referent: true"):
        method_of(content)


def test_an_unknown_option_is_named(content: dict):
    content["stages"][0]["options"]["mosaics"] = 3
    with pytest.raises(RecipeError, match="“mosaics” is unknown"):
        build_method(parse_recipe(content))
