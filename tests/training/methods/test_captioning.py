"""Captioning: it learns to name what a picture shows, from pixels as from cached features."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from saliency import checkpoints
from saliency.data.flickr8k import Caption, Entry
from saliency.errors import CheckpointError, RecipeError
from saliency.models.captioner import END, START, UNKNOWN, Vocabulary
from saliency.models.text import load_word_pieces
from saliency.preprocessing import Preprocessing
from saliency.training.loop import Run
from saliency.training.recipe import parse_recipe
from saliency.training.targets.augmentation import Augmentation
from saliency.training.targets.caption_batches import CaptionDataset, CaptionTokens
from saliency.training.training_run import build_method, train

CONFIG = {
    "trunk": "colours",
    "height": 64,
    "width": 96,
    "levels": [16, 32],
    "grid": None,
    "hidden": 32,
    "heads": 4,
    "vocabulary": 24,
    "length": 14,
    "dropout": 0.0,
}


def content_on(source: dict) -> dict:
    """A recipe on pictures of coloured squares."""
    return {
        "name": "captions",
        "method": "captioning",
        "model": "captioner",
        "config": CONFIG,
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "captions",
                "data": [source],
                "epochs": 6,
                "batch": 8,
                "rate": 6e-3,
                "average": 0.5,
                "loss": {"forward": 1.0, "backward": 1.0},
            }
        ],
    }


@pytest.fixture
def content(squares_source: dict) -> dict:
    """See `content_on`."""
    return content_on(squares_source)


def test_it_learns_to_say_what_the_pictures_show(content: dict, tmp_path: Path):
    recipe = parse_recipe(content)
    method = build_method(recipe)
    before = method.validate(method.model.eval())
    run = Run(recipe, method, tmp_path / "run", quiet=True)
    after = run.train()
    assert after["nats"] < 0.6 * before["nats"]
    assert after["bleu_4"] > before["bleu_4"] + 0.2
    lines = [json.loads(line) for line in (tmp_path / "run" / "history.jsonl").read_text().splitlines()]
    assert lines[-1]["training"]["backward"] < 0.6 * lines[0]["training"]["backward"]


def test_cached_features_give_the_losses_of_fresh_ones(content: dict):
    stage = content["stages"][0]
    found = []
    for cached in (False, True):
        options = {"cache_features": cached, "captions": 2}
        recipe = parse_recipe(content | {"stages": [stage | {"options": options, "rates": {"trunk": 0}}]})
        method = build_method(recipe)
        dataset = method.dataset(recipe.stages[0])
        batch = dataset.collate([dataset[number] for number in range(4)])
        assert (batch.front_features is not None) is cached
        assert batch.captions.shape[0] == 8
        with torch.no_grad():
            ahead, back = method.forward(method.model.eval(), batch)
        found.append([ahead.logits, back.logits])
    torch.testing.assert_close(found[0], found[1], rtol=1e-2, atol=1e-3)


def test_the_vocabulary_is_of_the_training_captions(content: dict):
    model = build_method(parse_recipe(content)).model
    tokeniser = load_word_pieces("minilm")
    words = tokeniser.pieces(["a square and red green blue yellow"])[0].ids
    taken = model.vocabulary.pieces[model.vocabulary.pieces >= 0].tolist()
    assert set(taken) == set(words)
    assert taken[0] in tokeniser.pieces(["a square"])[0].ids, "most frequent first"


def test_a_run_writes_a_checkpoint_that_is_no_saliency_model(content: dict, tmp_path: Path):
    stage = content["stages"][0] | {"epochs": 1}
    folder = train(parse_recipe(content | {"stages": [stage]}), tmp_path / "captions", quiet=True)
    model, card = checkpoints.load_network(folder / "captions.safetensors")
    assert card.model == "captioner"
    assert card.text_encoder == "minilm"
    assert (model.vocabulary.pieces >= 0).any(), "the vocabulary is in the file"
    assert checkpoints.available(folder) == []
    with pytest.raises(CheckpointError, match="no saliency model"):
        checkpoints.load(folder / "captions.safetensors")


@pytest.mark.parametrize(("method", "model"), [("captioning", "clip_salgan"), ("supervised", "captioner")])
def test_a_method_trains_the_networks_that_it_is_for(content: dict, method: str, model: str):
    stage = content["stages"][0] | {"loss": {"kl": 1.0} if method == "supervised" else {"forward": 1.0}}
    recipe = parse_recipe(content | {"method": method, "model": model, "config": {}, "stages": [stage]})
    with pytest.raises(RecipeError, match="does not train"):
        build_method(recipe)


def test_an_unknown_term_is_refused(content: dict):
    stage = content["stages"][0] | {"loss": {"sideways": 1.0}}
    with pytest.raises(RecipeError, match="“sideways”"):
        build_method(parse_recipe(content | {"stages": [stage]}))


def dataset(**options) -> CaptionDataset:
    """One picture with a caption that is too long and two that fit."""
    texts = ["a dog " * 9, "a dog on the left", "a cat"]
    entry = Entry("1", Path("none.jpg"), tuple(Caption(text, ()) for text in texts))
    vocabulary = Vocabulary(20)
    words = CaptionTokens([*texts, "a dog on the right"], load_word_pieces("minilm"), vocabulary, length=8)
    vocabulary.fill(words.pieces.values())
    found = CaptionDataset([entry], Preprocessing(8, 8), words, **options)
    found.pictures = [np.zeros((8, 8, 3), np.uint8)]
    return found


def test_captions_that_would_be_cut_off_are_not_drawn():
    found = dataset(captions=2)
    for epoch in range(4):
        found.set_epoch(epoch)
        assert set(found[0][1]) == {"a dog on the left", "a cat"}


def test_of_fewer_captions_some_are_drawn_twice():
    assert len(dataset(captions=5)[0][1]) == 5
    assert set(dataset(captions=5)[0][1]) == {"a dog on the left", "a cat"}


def test_a_mirrored_picture_has_mirrored_captions():
    found = dataset(captions=2, augmentation=Augmentation(flip=1.0))
    _, captions, flip = found[0]
    assert flip
    assert set(captions) == {"a dog on the right", "a cat"}


def test_captions_become_tokens_between_start_and_end():
    found = dataset(captions=2)
    batch = found.collate([found[0]])
    assert batch.index.tolist() == [0, 0]
    for row in batch.captions.tolist():
        assert row[0] == START
        assert all(token == UNKNOWN for token in row[row.index(END) + 1 :])
