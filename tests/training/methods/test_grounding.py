"""Grounding: its losses are what they say, and it learns which region a word names."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from saliency.errors import RecipeError
from saliency.losses import box_loss, contrast_loss
from saliency.models import registry
from saliency.models.features import TextFeatures
from saliency.preprocessing import Preprocessing
from saliency.training.frozen_features import feature_cache
from saliency.training.loop import Run
from saliency.training.methods.grounding import GroundingMethod, phrase_logits
from saliency.training.recipe import parse_recipe
from saliency.training.targets.phrases import PhraseBatch, PhraseDataset
from saliency.training.training_run import build_method

from ..squares import grounding_model

GRID = (8, 12)


def content_on(source: dict) -> dict:
    """A recipe on them."""
    return {
        "name": "squares",
        "method": "grounding",
        "model": "tranblend",
        "config": {"backbone": {"trunk": "colours"}, "grounding_dim": 32, "objects": False, "referent": False},
        "grid": list(GRID),
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "boxes",
                "data": [source],
                "epochs": 5,
                "batch": 8,
                "rate": 4e-3,
                "average": 0.8,
                "loss": {"boxes": 1.0, "contrast": 0.3},
            }
        ],
    }


@pytest.fixture
def content(squares_source: dict) -> dict:
    """See `content_on`."""
    return content_on(squares_source)


def method_of(content: dict) -> GroundingMethod:
    recipe = parse_recipe(content)
    torch.manual_seed(recipe.seed)
    return GroundingMethod(recipe, grounding_model(), Preprocessing(64, 96), "minilm")


def test_it_learns_which_region_a_phrase_names(content: dict, tmp_path: Path):
    method = method_of(content)
    run = Run(method.recipe, method, tmp_path / "run", quiet=True)
    before = method.validate(method.model.eval())
    scores = run.train()
    history = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    assert history[-1]["training"]["boxes"] < 0.6 * history[0]["training"]["boxes"]
    assert scores["phrases"] == 32
    # A square is 1/24 of its picture, and pointing at either square is right half the time.
    assert before["score"] < 0.5 < 0.7 < scores["score"]
    assert scores["box_auc"] > 0.9


def keeping(content: dict, **changes: object) -> GroundingMethod:
    """Of the recipe, whose trunk stays as it is and is asked once."""
    changes = {"rates": {"trunk": 0}, "options": {"cache_features": True}} | changes
    content["stages"][0] |= changes
    return method_of(content)


def test_cached_features_are_those_of_the_model(content: dict):
    method = keeping(content, augmentation={"flip": 0.5})
    stage = method.recipe.stages[0]
    cached = method.dataset(stage)
    assert len(set(cached.flips)) == 2
    batch = cached.collate([cached[number] for number in range(len(cached))])
    live = PhraseDataset(
        cached.entries, cached.preprocessing, cached.grid, cached.sentences, None, cached.captions, cached.seed
    )
    pixels = torch.stack([live.collate([live[number]]).pixels[0] for number in range(len(live))])
    mirrored = torch.stack([one.flip(-1) if flip else one for one, flip in zip(pixels, cached.flips, strict=True)])
    assert batch.pixels is None
    with torch.no_grad():
        for name, value in method.model.front_end(mirrored).items():
            torch.testing.assert_close(batch.front_features[name], value, atol=1e-3, rtol=1e-2)
    plain = live.collate([live[number] for number in range(len(live))])
    # Masks are in the order of phrases; a mirrored picture's are mirrored.
    turned = [cached.flips[plain.index[owner]] for owner in plain.caption]
    expected = torch.stack([m.flip(-1) if flip else m for m, flip in zip(plain.masks, turned, strict=True)])
    assert torch.equal(batch.masks, expected)


def test_it_learns_from_cached_features_and_leaves_the_trunk_unchanged(content: dict, tmp_path: Path):
    method = keeping(content, augmentation={"flip": 0.5})
    before = {name: value.clone() for name, value in method.model.state_dict().items()}
    scores = Run(method.recipe, method, tmp_path / "run", quiet=True).train()
    assert scores["score"] > 0.7
    after = method.model.state_dict()
    assert all(torch.equal(after[name], value) for name, value in before.items() if name.startswith("trunk."))
    assert any(not torch.equal(after[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"rates": {}}, "its rate is not 0"), ({"augmentation": {"brightness": 0.1}}, "“brightness” would change them")],
)
def test_features_that_training_changes_are_not_cached(content: dict, changes: dict, named: str):
    with pytest.raises(RecipeError, match=named):
        keeping(content, **changes)


def test_the_cache_of_an_earlier_stage_does_not_serve_another_trunk(content: dict):
    method = keeping(content)
    keeps = method.recipe.stages[0]
    method.dataset(keeps)
    scores = method.validate(method.model.eval())
    assert method.validation.cache is not None
    method.dataset(keeps.model_copy(update={"options": {}}))
    assert method.validation.cache is None
    assert method.validate(method.model) == pytest.approx(scores, abs=0.03)


def test_models_with_equal_front_ends_share_cached_features(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("saliency.training.frozen_features.FEATURES", tmp_path)
    pictures = registry.preset("tranblend", "compact_words").preprocessing
    reader, pointer = (registry.create("tranblend", "compact_words") for _ in range(2))
    pointer = pointer.grounding_branch
    pointer.trunk.load_state_dict(reader.backbone.trunk.state_dict())
    pointer.grounding.objects.load_state_dict(reader.grounding.objects.state_dict())
    folders = {feature_cache(model.front_end, pictures)._folder for model in (reader, pointer)}
    assert len(folders) == 1
    next(reader.backbone.trunk.parameters()).data[0] += 1
    folders |= {
        feature_cache(reader.front_end, pictures)._folder,
        feature_cache(registry.create("gsgnet").front_end, pictures)._folder,
    }
    assert len(folders) == 3


def text_of(words: Tensor) -> TextFeatures:
    """Sentences whose words are the true ones of (T, L) `words`."""
    count = len(words)
    states = torch.zeros(*words.shape, 1)
    return TextFeatures(states, torch.ones_like(words), words, states[:, 0], torch.ones(count).bool(), words.long())


def batch_of(index: list[int], words: list[list[bool]]) -> PhraseBatch:
    nothing = torch.empty(0)
    return PhraseBatch(nothing, torch.tensor(index), text_of(torch.tensor(words)), nothing, nothing, nothing)


def contrast(regions, words, batch, temperature):
    return contrast_loss(regions, words, batch.text.words, batch.index, temperature)


def test_contrast_of_two_pictures_in_closed_form():
    """Captions whose word is exactly in their own picture, and exactly not in the other."""
    regions = torch.zeros(2, 2, 4, 4)
    regions[0, 0] = regions[1, 1] = 5.0
    words = torch.tensor([[[3.0, 0.0], [9.0, 9.0]], [[0.0, 0.1], [9.0, 9.0]]])
    batch = batch_of([0, 1], [[True, False], [True, False]])
    # Own picture: similarity 1 everywhere, other: 0; the soft maximum adds the same constant to both.
    for temperature in (1.0, 4.0):
        expected = np.log(1 + np.exp(-temperature))
        assert float(contrast(regions, words, batch, torch.tensor(temperature))) == pytest.approx(expected, 1e-5)
    swapped = batch_of([1, 0], [[True, False], [True, False]])
    assert float(contrast(regions, words, swapped, torch.tensor(4.0))) == pytest.approx(np.log(1 + np.exp(4)), 1e-5)


def test_contrast_counts_every_caption_of_a_picture():
    """Two captions of one picture are both its own: neither is to blame for the other."""
    regions = torch.zeros(2, 2, 4, 4)
    regions[0, 0] = regions[1, 1] = 1.0
    words = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]], [[0.0, 1.0]]])
    batch = batch_of([0, 0, 1], [[True], [True], [True]])
    to_picture = np.log(1 + np.exp(-1))
    # Among captions: the first picture's two share e / (2e + 1), the second's own has e / (e + 2).
    to_caption = (2 * np.log(2 + np.exp(-1)) + np.log(1 + 2 * np.exp(-1))) / 3
    expected = (to_picture + to_caption) / 2
    assert float(contrast(regions, words, batch, torch.tensor(1.0))) == pytest.approx(expected, 1e-5)


def test_contrast_reads_the_words_only():
    regions, words = torch.randn(2, 4, 4, 6), torch.randn(2, 3, 4)
    batch = batch_of([0, 1], [[True, True, False], [False, True, False]])
    before = contrast(regions, words, batch, torch.tensor(2.0))
    words[:, 2] = 7.0
    words[1, 0] = -7.0
    torch.testing.assert_close(contrast(regions, words, batch, torch.tensor(2.0)), before)


def test_a_phrases_map_is_the_mean_of_its_tokens():
    logits = torch.randn(2, 3, 4, 5)
    nothing = torch.empty(0)
    tokens = torch.tensor([[0.5, 0.0, 0.5], [0.0, 1.0, 0.0]])
    batch = PhraseBatch(nothing, nothing, None, torch.tensor([1, 0]), tokens, nothing)
    expected = torch.stack([(logits[1, 0] + logits[1, 2]) / 2, logits[0, 1]])
    torch.testing.assert_close(phrase_logits(logits, batch), expected)


def test_box_loss_in_closed_form():
    masks = torch.zeros(1, 2, 4)
    masks[0, 0] = 1
    # Undecided everywhere: entropy log 2, Dice 1 - (2 * 4/2 + 1) / (4 + 4 + 1).
    assert float(box_loss(torch.zeros(1, 2, 4), masks)) == pytest.approx(np.log(2) + 4 / 9, 1e-5)
    assert float(box_loss(50 * (2 * masks - 1), masks)) == pytest.approx(0, abs=1e-6)
    assert float(box_loss(-50 * (2 * masks - 1), masks)) == pytest.approx(50 + 1 - 1 / 9, 1e-5)


def test_a_loss_that_is_not_of_boxes_and_contrast_is_refused(content: dict):
    content["stages"][0]["loss"] = {"boxes": 1.0, "kl": 1.0}
    with pytest.raises(RecipeError, match=r"“kl”.*boxes, contrast"):
        build_method(parse_recipe(content))


def test_a_data_set_without_phrases_is_refused(content: dict):
    content["validation"]["reader"] = "sjtu_tis"
    with pytest.raises(RecipeError, match="“sjtu_tis”"):
        GroundingMethod(parse_recipe(content), grounding_model(), Preprocessing(64, 96), "minilm")
