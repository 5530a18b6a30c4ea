"""What a sentence is about is learned from captions, and nothing else changes."""

import json
import math
from pathlib import Path

import pytest
import torch

from saliency.errors import RecipeError
from saliency.models.spec import Preprocessing
from saliency.trainers.grounding import build_model
from saliency.trainers.loop import Run
from saliency.trainers.methods import build_method
from saliency.trainers.recipe import parse_recipe
from saliency.trainers.subjects import SubjectMethod


@pytest.fixture
def content(squares_source: dict) -> dict:
    """A recipe on pictures with two squares of different colours."""
    source = squares_source
    return {
        "name": "about",
        "method": "subjects",
        "model": "tranblend",
        "config": {"trunk": "colours", "dim": 32, "subject": True},
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "captions",
                "data": [source],
                "epochs": 6,
                "batch": 8,
                "rate": 3e-3,
                "average": 0.8,
                "loss": {"kl": 1.0, "cc": -1.0},
                "augmentation": {"flip": 0.5},
                "options": {"singles": 60, "sentences": 3},
            }
        ],
    }


def method_of(content: dict) -> SubjectMethod:
    recipe = parse_recipe(content)
    torch.manual_seed(recipe.seed)
    return SubjectMethod(recipe, build_model(**recipe.config), Preprocessing(64, 96), "minilm")


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
    assert all(name.startswith("grounding.subject.") for name in changed)


def test_a_step_in_bfloat16_is_a_step(content: dict, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("saliency.precision.preferred_dtype", lambda device: torch.bfloat16)
    method = method_of(content)
    stage = method.recipe.stages[0]
    learners = method.learners(stage, 1, Run(method.recipe, method, tmp_path / "run", quiet=True))
    before = method.model.grounding.subject.place.detach().clone()
    told = method.step(next(iter(method.loader(stage))), learners, stage, 0)
    assert all(math.isfinite(value) for value in told.values())
    assert 0 < (method.model.grounding.subject.place - before).abs().max() < 0.1


def test_a_mirrored_scene_has_mirrored_words_and_targets(content: dict):
    method = method_of(content)
    dataset = method.loader(method.recipe.stages[0]).dataset
    number = next(n for n, scene in enumerate(dataset.scenes) if any(about.sided for about in scene.sentences))
    told = list(dataset.scenes[number].sentences)
    plain, mirrored = (dataset.collate([(number, told, flip)]) for flip in (False, True))
    torch.testing.assert_close(mirrored.target, plain.target.flip(-1))
    torch.testing.assert_close(mirrored.pixels, plain.pixels.flip(-1))
    same = [torch.equal(*pair) for pair in zip(plain.text.sentence, mirrored.text.sentence, strict=True)]
    assert same == [not about.sided for about in told]


def test_a_model_without_a_subject_is_refused(content: dict):
    del content["config"]["subject"]
    with pytest.raises(RecipeError, match="subject: true"):
        method_of(content)


def test_an_unknown_option_is_named(content: dict):
    content["stages"][0]["options"]["mosaics"] = 3
    with pytest.raises(RecipeError, match="“mosaics” is unknown"):
        build_method(parse_recipe(content))
