"""MLNet: its sizes as specified, its prior against a formula of its own, its loss where the map is empty."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from saliency import checkpoints
from saliency.checkpoints import Description
from saliency.errors import RecipeError
from saliency.losses import weighted_mse
from saliency.models import registry
from saliency.models.mlnet.model import MLNet, MLNetConfig
from saliency.models.mlnet.spec import TINY
from saliency.training.learner import parameter_groups
from saliency.training.recipe import Stage, parse_recipe
from saliency.training.training_run import build_method

SEED_SIZE = {"height": 240, "width": 320}


@pytest.fixture
def model() -> MLNet:
    torch.manual_seed(0)
    return MLNet(TINY).eval()


@pytest.fixture
def pixels() -> Tensor:
    return torch.randn(2, 3, TINY.height, TINY.width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("prior", "parameters"), [(True, 15_452_145), (False, 15_452_097)])
def test_the_paper_has_as_many_parameters_as_specified(prior: bool, parameters: int) -> None:
    """VGG-16's 14,714,688, 1280 x 64 x 9 + 64, 64 + 1, and 6 x 8."""
    with torch.device("meta"):
        model = registry.create("mlnet", "paper", prior=prior)
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters


@pytest.mark.parametrize(
    ("overrides", "grid", "prior"), [({}, (60, 80), (6, 8)), (SEED_SIZE, (30, 40), (3, 4))], ids=["original", "seed"]
)
def test_sizes_of_the_paper(overrides: dict, grid: tuple[int, int], prior: tuple[int, int]) -> None:
    with torch.device("meta"):
        model = registry.create("mlnet", "paper", **overrides)
        levels = model.front_end(torch.empty(1, 3, model.config.height, model.config.width))
        assert [(level.shape[1], *level.shape[-2:]) for level in levels.values()] == [
            (channels, *grid) for channels in (256, 512, 512)
        ]
        output = model.decode(model.encode_features(levels))
    assert model.mix.in_channels == 1280
    assert output.map.shape[-2:] == grid
    assert model.location_prior.shape == prior


def test_the_compact_prior_is_that_of_the_seed() -> None:
    with torch.device("meta"):
        model = registry.create("mlnet")
    assert model.location_prior.shape == (3, 4)
    assert sum(p.numel() for name, p in model.named_parameters() if not name.startswith("trunk.")) == (
        (48 + 120 + 352) * 64 * 9 + 64 + 65 + 12
    )


@torch.no_grad()
def test_with_and_without_prior_agree_at_first(model: MLNet, pixels: Tensor) -> None:
    without = MLNet(replace(TINY, prior=False)).eval()
    missing = without.load_state_dict(model.state_dict(), strict=False)
    assert missing.unexpected_keys == ["offsets"]
    assert without.location_prior is None
    assert torch.equal(model(pixels).map, without(pixels).map)


def naive_enlarged(prior: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Bilinear between the centres of cells, pixel by pixel; outside of the outermost centres they are repeated."""
    found = np.empty(size)
    for i in range(size[0]):
        for j in range(size[1]):
            y = np.clip((i + 0.5) * prior.shape[0] / size[0] - 0.5, 0, prior.shape[0] - 1)
            x = np.clip((j + 0.5) * prior.shape[1] / size[1] - 0.5, 0, prior.shape[1] - 1)
            top, left = int(y), int(x)
            bottom, right = min(top + 1, prior.shape[0] - 1), min(left + 1, prior.shape[1] - 1)
            upper = prior[top, left] * (1 - x + left) + prior[top, right] * (x - left)
            lower = prior[bottom, left] * (1 - x + left) + prior[bottom, right] * (x - left)
            found[i, j] = upper * (1 - y + top) + lower * (y - top)
    return found


@torch.no_grad()
def test_the_prior_is_multiplied_cell_by_cell(pixels: Tensor) -> None:
    config = replace(TINY, height=160, width=240)
    torch.manual_seed(0)
    model, without = MLNet(config).eval(), MLNet(replace(config, prior=False)).eval()
    without.load_state_dict(model.state_dict(), strict=False)
    model.offsets.copy_(torch.tensor([0.5, -0.3, 0.0, 1.0, -1.5, 0.2]))  # a factor may be negative: that is 0
    pixels = torch.randn(1, 3, 160, 240, generator=torch.Generator().manual_seed(1))
    expected = without(pixels).logits[0, 0].double().numpy()
    expected = np.maximum(expected * naive_enlarged(model.location_prior.double().numpy(), expected.shape), 0)
    np.testing.assert_allclose(model(pixels).map[0, 0].numpy(), expected / expected.max(), atol=1e-5)


def test_a_map_of_zeros_has_a_finite_loss_and_gradient(model: MLNet, pixels: Tensor) -> None:
    with torch.no_grad():
        model.readout.weight.zero_()
        model.readout.bias.fill_(-1)
    map_ = model(pixels).map
    assert not map_.any()
    loss = weighted_mse(map_, torch.rand(map_.shape))
    loss.backward()
    assert loss.isfinite()
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


def test_its_own_term_is_the_priors_mean_squared_distance_from_one(model: MLNet, pixels: Tensor) -> None:
    with torch.no_grad():
        model.offsets.copy_(torch.tensor([0.3, 0.4])[: len(model.offsets)])
    term = model.losses["prior"](model(pixels), None)
    assert term.item() == pytest.approx((model.offsets.double() ** 2).sum().item() / len(model.offsets))
    assert MLNet(replace(TINY, prior=False)).losses == {}


def stage(rates: dict[str, float]) -> Stage:
    return Stage(name="one", data=(), epochs=1, rate=1e-3, rates=rates, optimizer="sgd")


def test_layers_are_frozen_by_name() -> None:
    """The seed's first eleven convolutions, and the prior learns."""
    with torch.device("meta"):
        model = MLNet(MLNetConfig())
    parameter_groups(model, stage({"trunk": 0, "trunk.conv5_2": 1e-3, "trunk.conv5_3": 1e-3}))
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad and name.endswith("weight")]
    names = ["1_1", "1_2", "2_1", "2_2", "3_1", "3_2", "3_3", "4_1", "4_2", "4_3", "5_1"]
    assert frozen == [f"trunk.conv{name}.weight" for name in names]
    assert model.offsets.requires_grad


def test_the_prior_has_no_weight_decay(model: MLNet) -> None:
    groups = parameter_groups(model, stage({}))
    own = [group for group in groups if any(parameter is model.offsets for parameter in group["params"])]
    assert [group["weight_decay"] for group in own] == [0]


def test_a_term_for_the_prior_needs_the_prior(tiny_sjtu_recipe: dict) -> None:
    with pytest.raises(RecipeError, match="unknown term “prior”"):
        build_method(parse_recipe(tiny_sjtu_recipe | {"config": {"prior": False}}))


@torch.no_grad()
def test_the_card_has_the_prior(model: MLNet, tmp_path: Path) -> None:
    model.offsets.copy_(torch.tensor([0.25, -0.5])[: len(model.offsets)])
    described = Description(
        name="mlnet",
        model="mlnet",
        preset="compact",
        config={name: getattr(TINY, name) for name in ("trunk", "height", "width", "channels")},
        text_encoder=None,
        preprocessing=TINY.preprocessing(),
        licence="none",
    )
    checkpoints.save(model, described, tmp_path)
    loaded, card = checkpoints.load("mlnet", tmp_path)
    assert card.location_prior == ((1.25, 0.5),)
    assert torch.equal(loaded.location_prior, model.location_prior)


@pytest.fixture
def tiny_sjtu_recipe() -> dict:
    source = {"reader": "sjtu_tis", "root": "."}
    stage = {"name": "one", "data": [source], "epochs": 1, "loss": {"weighted_mse": 1, "prior": 1}}
    return {"name": "tiny", "model": "mlnet", "validation": source, "stages": [stage]}
