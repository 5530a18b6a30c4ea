"""Batch norms folded into convolutions: the same outputs with fewer layers."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from torch import Tensor, nn

from saliency import checkpoints
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.sdg_sod.model import SDGSOD
from saliency.models.trunks import build_trunk
from saliency.runtime.folding import fold_batch_norms
from tests.models.contract import Case, sentences, settle, tiny_cases

TOLERANCE = 1e-4  # of the peak


def norms(model: nn.Module) -> int:
    return sum(isinstance(part, nn.BatchNorm2d) for part in model.modules())


def peak_difference(answer: Tensor, expected: Tensor) -> float:
    return ((answer - expected).abs().max() / expected.abs().max().clamp_min(1e-6)).item()  # MLNet's map may be empty


@torch.inference_mode()
def map_difference(model: SaliencyModel, size: tuple[int, int], text_dim: int) -> float:
    """Largest difference of the folded model's maps to the model's own, over their peak."""
    pixels = torch.rand(2, 3, *size, generator=torch.Generator().manual_seed(1)) * 2 - 1
    text = sentences([3, 0], text_dim)
    folded = deepcopy(model)
    fold_batch_norms(folded)
    behind_a_sum = isinstance(model, SDGSOD)  # of its levels, each of which has a convolution
    assert norms(folded) <= 1 + behind_a_sum < norms(model)
    features, folded_features = model.encode_image(pixels), folded.encode_image(pixels)
    for name, expected in features.items():
        assert peak_difference(folded_features[name], expected) < TOLERANCE, name
    return peak_difference(folded.decode(folded_features, text).map, model.decode(features, text).map)


@pytest.mark.parametrize("case", [case for case in tiny_cases(registry.REGISTRY) if case.spec.learned], ids=str)
def test_folded_tiny_presets_give_the_same_maps(case: Case):
    torch.manual_seed(0)
    model = case.build()
    settle(model, torch.rand(4, 3, *case.size) * 2 - 1, sentences([3, 0, 1, 2], case.text_dim))
    assert map_difference(model, case.size, case.text_dim) < TOLERANCE


@pytest.mark.parametrize("name", [card.name for card in checkpoints.available()])
def test_folded_checkpoints_give_the_same_maps(name: str):
    model, card = checkpoints.load(name)
    assert map_difference(model, (96, 128), getattr(model.config, "text_dim", 384)) < TOLERANCE
    assert card.sha256, "the identity stays that of the file"


@torch.inference_mode()
@pytest.mark.parametrize(("name", "left"), [("tf_efficientnet_lite0", 0), ("densenet121", 62)])
def test_trunks(name: str, left: int):
    """EfficientNet folds all; the norms of DenseNet that stand in front of their convolutions stay."""
    torch.manual_seed(0)
    trunk = build_trunk(name, levels=(8, 16, 32)).eval()
    folded = deepcopy(trunk)
    fold_batch_norms(folded)
    assert norms(folded) == left < norms(trunk)
    pixels = torch.rand(1, 3, 64, 96) * 2 - 1
    for level, expected in trunk(pixels).items():
        assert peak_difference(folded(pixels)[level], expected) < TOLERANCE


class Wired(nn.Module):
    """A convolution and a batch norm, wired as `how` says."""

    def __init__(self, how: str):
        super().__init__()
        self.how = how
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.norm = nn.BatchNorm2d(3)
        self.norm.running_mean.uniform_(-1, 1)
        self.norm.running_var.uniform_(0.5, 2)

    def forward(self, x: Tensor) -> Tensor:
        if self.how == "norm first":
            return self.conv(self.norm(x))
        y = self.conv(x)
        if self.how == "read twice":
            return self.norm(y) + y
        if self.how == "called twice":
            return self.norm(self.conv(y))
        return self.norm(y)


@torch.inference_mode()
@pytest.mark.parametrize(
    ("how", "left"), [("norm behind", 0), ("norm first", 1), ("read twice", 1), ("called twice", 1)]
)
def test_a_norm_is_folded_only_where_it_alone_reads_the_convolution(how: str, left: int):
    torch.manual_seed(0)
    module = Wired(how).eval()
    folded = deepcopy(module)
    fold_batch_norms(folded)
    assert norms(folded) == left
    x = torch.randn(2, 3, 8, 8)
    torch.testing.assert_close(folded(x), module(x), rtol=1e-5, atol=1e-5)
