"""Whether a picture shows what a sentence is about is learned from sentences about other pictures."""

import json
from pathlib import Path

import pytest
import torch

from saliency.errors import RecipeError
from saliency.models.features import select
from saliency.models.grounding import Grounding, GroundingOutput
from saliency.preprocessing import Preprocessing
from saliency.training.loop import Run
from saliency.training.methods.method import measured, output
from saliency.training.methods.presence import PresenceMethod, others
from saliency.training.methods.referent import ReferentBatch
from saliency.training.recipe import parse_recipe

from ..squares import grounding_model


def content_on(source: dict) -> dict:
    """A recipe on pictures with two squares of different colours."""
    return {
        "name": "there",
        "method": "presence",
        "model": "tranblend",
        "config": {"backbone": {"trunk": "colours"}, "grounding_dim": 32, "objects": False, "presence": True},
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "captions",
                "data": [source],
                "epochs": 8,
                "rate": 1e-2,
                "average": 0.8,
                "loss": {"bce": 1.0},
                "augmentation": {"flip": 0.5, "brightness": 0, "contrast": 0},
                "options": {"singles": 60, "sentences": 3},
            }
        ],
    }


@pytest.fixture
def content(squares_source: dict) -> dict:
    """See `content_on`."""
    return content_on(squares_source)


def method_of(content: dict) -> PresenceMethod:
    torch.manual_seed(0)
    model = grounding_model(referent=True, presence=True, attention_grid=(15, 20))
    return PresenceMethod(parse_recipe(content), model, Preprocessing(64, 96), "minilm")


def first_batch(method: PresenceMethod) -> ReferentBatch:
    return method.validation.collate([method.validation[number] for number in range(8)])


def test_it_learns_which_squares_are_there_and_moves_no_map(content: dict, tmp_path: Path):
    method = method_of(content)
    weights = {name: value.clone() for name, value in method.model.state_dict().items()}
    before = method.validate(method.model.eval())
    batch = first_batch(method)
    referent = method.model.grounding.referent
    features = select(referent.encode(batch.pictures), batch.index)
    with torch.no_grad():
        maps = referent(features, batch.text).map
    run = Run(method.recipe, method, tmp_path / "run", quiet=True)
    scores = run.train()
    history = [json.loads(line) for line in (run.folder / "history.jsonl").read_text().splitlines()]
    assert history[-1]["training"]["loss"] < history[0]["training"]["loss"] - 0.005
    # Half of the sentences hold for the other picture, too, and the words' maps are random: little can be learned.
    assert before["score"] < 0.53 < scores["score"], history
    changed = {name for name, value in method.model.state_dict().items() if not torch.equal(value, weights[name])}
    assert changed
    assert all(name.startswith("grounding.referent.presence.") for name in changed)
    with torch.no_grad():
        torch.testing.assert_close(referent.eval()(features, batch.text).map, maps, atol=1e-5, rtol=1e-4)


def test_the_threshold_misses_one_of_twenty_sentences_in_their_own_picture(content: dict):
    method = method_of(content)
    threshold = method.validate(method.model.eval())["threshold"]
    with torch.inference_mode():
        network = method.network(method.model.eval())
        found = measured(network, method.validation, lambda batch: [output(network, batch)[0].sigmoid()])
    assert (torch.cat(found) < threshold).float().mean() == pytest.approx(0.05, abs=0.03)


def test_presence_without_the_map_is_the_one_beside_it(content: dict):
    method = method_of(content)
    referent = method.model.grounding.eval().referent
    method.validate(method.model)
    with torch.no_grad():
        batch = first_batch(method)
        own, _ = output(method.network(method.model), batch)
        beside = referent(select(referent.encode(batch.pictures), batch.index), batch.text).presence
    torch.testing.assert_close(own, beside)


def test_every_other_picture_is_drawn_alike():
    index = torch.arange(4).repeat_interleave(3)
    found = others(index, 4)
    assert not (found == index).any()
    pairs = set(map(tuple, torch.stack([index, found], 1).tolist()))
    assert pairs == {(own, other) for own in range(4) for other in range(4) if own != other}


def test_a_model_without_presence_is_refused(content: dict):
    model = grounding_model(referent=True)
    with pytest.raises(RecipeError, match="presence: true"):
        PresenceMethod(parse_recipe(content), model, Preprocessing(64, 96), "minilm")


def test_a_sentence_without_words_has_no_evidence():
    head = Grounding({8: 16, 16: 16, 32: 16}, 384, 32, referent=True, presence=True).referent.presence
    maps = torch.zeros(2, 5, 4, 6)
    pointing = GroundingOutput(torch.zeros(2, 3, 4, 6), maps, maps[..., 0, 0], torch.randn(2, 6, 32), torch.ones(2, 6))
    logits = head(torch.randn(2, 32, 4, 6), pointing, torch.tensor([[False] * 5, [True] * 5]))
    assert logits[0] == 0 != logits[1]
