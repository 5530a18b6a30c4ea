"""SDG-SOD: guidance that starts as nothing, its normalisations by hand, the head against the paper's form."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from saliency.models.sdg_sod.model import SDGSOD, MLPHead, SDGSODConfig, normalised
from saliency.models.sdg_sod.spec import SPEC, TINY

from .contract import awaken, sentences


@pytest.fixture
def pixels() -> Tensor:
    size = SPEC.tiny["compact"].preprocessing
    return torch.randn(2, 3, size.height, size.width, generator=torch.Generator().manual_seed(1))


def of(config: SDGSODConfig) -> SDGSOD:
    torch.manual_seed(0)
    return SDGSOD(config).eval()


@torch.no_grad()
def test_at_first_a_sentence_changes_nothing(pixels: Tensor) -> None:
    model = of(TINY)
    assert torch.equal(model(pixels, sentences([3, 5], TINY.text_dim)).logits, model(pixels).logits)


@torch.no_grad()
@pytest.mark.parametrize("stride", [4, 8, 16, 32])
def test_one_level_alone_can_be_guided(pixels: Tensor, stride: int) -> None:
    model = of(replace(TINY, guided=(stride,)))
    assert list(model.guides) == [str(stride)]
    awaken(model)
    assert not torch.equal(model(pixels, sentences([3, 5], TINY.text_dim)).logits, model(pixels).logits)


@torch.no_grad()
def test_without_guidance_it_reads_no_text(pixels: Tensor) -> None:
    model = of(replace(TINY, guidance=False))
    awaken(model)
    assert model.grounding_branch is None
    assert torch.equal(model(pixels, sentences([3, 5], TINY.text_dim)).logits, model(pixels).logits)


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("minmax", [0.0, 0.5, 1.0]),
        ("signed", [-1.0, 0.0, 1.0]),
        ("max", [1 / 3, 2 / 3, 1.0]),
        ("sum", [0.5, 1.0, 1.5]),
        ("softmax", [0.8187, 0.9048, 1.0]),
    ],
)
def test_normalisations(how: str, expected: list[float]) -> None:
    map_ = torch.tensor([0.1, 0.2, 0.3]).reshape(1, 1, 1, 3)
    torch.testing.assert_close(normalised(map_, how).flatten(), torch.tensor(expected), atol=1e-4, rtol=0)
    assert normalised(torch.full((1, 1, 2, 2), 0.3), how).eq(1).all()


@torch.no_grad()
def test_the_head_is_segformers() -> None:
    """The levels enlarged first, then concatenated and mixed, as the paper has it."""
    torch.manual_seed(0)
    head = MLPHead({4: 3, 8: 5, 16: 6, 32: 7}, hidden=8, dropout=0.1).eval()
    levels = {
        stride: torch.randn(1, count, 32 // stride, 64 // stride)
        for stride, count in ((4, 3), (8, 5), (16, 6), (32, 7))
    }
    enlarged = [
        F.interpolate(head.linear[str(stride)](level), size=(8, 16), mode="bilinear", align_corners=False)
        for stride, level in levels.items()
    ]
    expected = head.output(head.mix(torch.cat(enlarged, dim=1)))
    torch.testing.assert_close(head(levels), expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("wrong", [{"normalise": "none"}, {"guided": (2,)}, {"context": True, "channels": None}])
def test_configurations_that_cannot_be(wrong: dict) -> None:
    with pytest.raises(ValueError, match=r"must be|needs"):
        replace(TINY, **wrong)
