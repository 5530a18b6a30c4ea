"""GSGNet against the specification's numbers and against naive loops."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from saliency.models.blocks import freeze_fraction, freeze_norm_stats
from saliency.models.gsgnet import model as gsgnet
from saliency.models.gsgnet.model import GSGNet, GSGNetConfig
from saliency.models.gsgnet.semantic import CSSA, LGFB, SAIB, filter_each
from saliency.models.gsgnet.spec import SPEC

from .contract import awaken, distance, sentences, settle

SMALL = SPEC.tiny["compact"].config


class FlatTrunk(nn.Module):
    """Stands in for DenseNet-161: its channels and sizes, none of its layers."""

    def __init__(self) -> None:
        super().__init__()
        self.channels = {4: 384, 8: 768, 16: 2112, 32: 2208}

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        return {
            stride: F.avg_pool2d(pixels, stride, ceil_mode=True).repeat(1, -(-channels // 3), 1, 1)[:, :channels]
            for stride, channels in self.channels.items()
        }


@pytest.fixture
def flat_trunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gsgnet, "build_trunk", lambda *_, **__: FlatTrunk())


@pytest.mark.usefixtures("flat_trunk")
class TestPaper:
    """Section 13 of the specification."""

    def test_squeeze_convolutions(self) -> None:
        model = GSGNet(GSGNetConfig())
        shapes = {name: tuple(p.shape) for name, p in model.named_parameters() if p.ndim == 5}
        deep = [shape for name, shape in shapes.items() if name.startswith("semantic.")]
        assert deep == [(13, 48, 3, 7, 7)] * 4
        for level in ("f4", "f3", "f2"):
            fused = [shape for name, shape in shapes.items() if name.startswith(f"fusions.{level}.")]
            assert fused == [(7, 24, 3, 7, 7)] * 2
        assert sum(p.numel() for p in model.parameters() if p.ndim == 5) == 4 * 91_728 + 3 * 2 * 24_696

    @torch.no_grad()
    def test_sizes_and_attention(self) -> None:
        model = GSGNet(GSGNetConfig())
        shapes: list[tuple[int, ...]] = []
        for module in model.modules():
            if isinstance(module, CSSA):
                module.softmax.register_forward_hook(lambda _, __, attention: shapes.append(tuple(attention.shape)))
        # Training mode, for the side outputs; two pictures, for the batch norms.
        output = model(torch.randn(2, 3, 352, 352), sentences([3, 0], 768))
        assert output.map.shape == (2, 1, 352, 352)
        assert output.aux["side8"].shape == (2, 1, 44, 44)
        assert output.aux["side4"].shape == (2, 1, 88, 88)
        assert shapes == [(2, 4, 121, 9)] * 2 + [(2, 4, 484, 121), (2, 4, 1936, 121), (2, 4, 484, 121)]

    @torch.no_grad()
    def test_other_sizes(self) -> None:
        model = GSGNet(GSGNetConfig()).eval()
        output = model(torch.randn(1, 3, 240, 320))
        assert output.map.shape == (1, 1, 240, 320)
        assert output.aux == {}

    def test_widths(self) -> None:
        model = GSGNet(GSGNetConfig())
        assert model.readout[0].weight.shape == (128, 512, 1, 1)
        assert model.concats["f5"].merge.weight.shape == (192, 384, 1, 1)
        assert model.sentence.projection.weight.shape == (192, 768)
        assert {level: tuple(fusion.last.kernel_size) for level, fusion in model.fusions.items()} == {
            "f4": (1, 1),
            "f3": (1, 1),
            "f2": (3, 3),
        }


@torch.no_grad()
def test_densenet_end_to_end() -> None:
    model = GSGNet(GSGNetConfig(fusion="none")).eval()
    assert {stride: tuple(x.shape[1:]) for stride, x in model.trunk(torch.randn(1, 3, 64, 96)).items()} == {
        4: (384, 16, 24),
        8: (768, 8, 12),
        16: (2112, 4, 6),
        32: (2208, 2, 3),
    }
    assert isinstance(model.trunk.features["features_norm5"], nn.BatchNorm2d)
    assert model(torch.randn(1, 3, 64, 96)).map.shape == (1, 1, 64, 96)


@pytest.mark.parametrize(("upsamplings", "size"), [(0, (16, 24)), (1, (32, 48)), (2, (64, 96))])
@torch.no_grad()
def test_upsamplings(upsamplings: int, size: tuple[int, int]) -> None:
    model = GSGNet(replace(SMALL, upsamplings=upsamplings)).eval()
    assert model(torch.randn(1, 3, 64, 96)).map.shape[-2:] == size


@torch.no_grad()
def test_cssa_against_loops() -> None:
    """Every output number from the definition: squeezed heads with their neighbours, softmax over the context."""
    torch.manual_seed(0)
    heads, width, squeezed = 4, 3, 1
    block = CSSA(heads * width, 5, heads)
    awaken(block)
    x, context = torch.randn(2, heads * width, 3, 4), torch.randn(2, 5, 2, 3)
    answer = block(x, context)

    def project(conv: nn.Conv2d, source: Tensor) -> Tensor:
        return torch.einsum("oc,chw->ohw", conv.weight[:, :, 0, 0], source)

    def squeeze(weight: Tensor, projected: Tensor) -> Tensor:
        """(heads, squeezed, H, W) from (heads * width, H, W), by definition of a 3x7x7 convolution."""
        _, height, wide = projected.shape
        out = torch.zeros(heads, squeezed, height, wide)
        for head in range(heads):
            for near in (-1, 0, 1):
                if not 0 <= head + near < heads:
                    continue
                source = projected[(head + near) * width : (head + near + 1) * width]
                for row in range(height):
                    for column in range(wide):
                        for dy in range(-3, 4):
                            for dx in range(-3, 4):
                                y, z = row + dy, column + dx
                                if 0 <= y < height and 0 <= z < wide:
                                    out[head, :, row, column] += (
                                        weight[:, :, near + 1, dy + 3, dx + 3] @ source[:, y, z]
                                    )
        return out

    for picture in range(2):
        query = squeeze(block.squeeze_query.weight, project(block.query, x[picture]))
        key = squeeze(block.squeeze_key.weight, project(block.key, context[picture]))
        value = project(block.value, context[picture])
        for head in range(heads):
            head_value = value[head * width : (head + 1) * width].flatten(1)
            for row in range(3):
                for column in range(4):
                    scores = query[head, :, row, column] @ key[head].flatten(1) / width**0.5
                    expected = head_value @ torch.softmax(scores, dim=0)
                    got = answer[picture, head * width : (head + 1) * width, row, column]
                    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_dynamic_kernels_against_a_loop() -> None:
    torch.manual_seed(0)
    block = LGFB(16, heads=4)
    x, semantic = torch.randn(3, 8, 9, 11), torch.randn(3, 16, 8, 10)
    kernels = block._kernels(semantic)
    torch.testing.assert_close(kernels.sum(dim=(2, 3)), torch.ones(3, 8))
    filtered = filter_each(x, kernels)
    padded = F.pad(x, (3, 3, 3, 3))
    for picture in range(3):
        for channel in range(8):
            windows = padded[picture, channel].unfold(0, 7, 1).unfold(1, 7, 1)
            expected = (windows * kernels[picture, channel]).sum(dim=(-2, -1))
            torch.testing.assert_close(filtered[picture, channel], expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_semantic_tensor_attends_to_two_summaries() -> None:
    """The branches attend to 3x3 tokens: picked bilinearly in one, averaged in the other."""
    block = SAIB(16, heads=4)
    contexts: list[Tensor] = []
    for attention in block.attentions:
        attention.register_forward_hook(lambda _, inputs, __: contexts.append(inputs[1]))
    x = torch.randn(1, 16, 9, 9)
    assert block(x).shape == x.shape
    normed = F.layer_norm(block.positions(x).permute(0, 2, 3, 1), (16,)).permute(0, 3, 1, 2)
    torch.testing.assert_close(contexts[0], normed[:, :, 1::3, 1::3], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(contexts[1], F.avg_pool2d(normed, 3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("changes", [{"fusion": "deep_concat"}, {"fusion": "all_concat"}, {"guidance": True}])
@torch.no_grad()
def test_text_changes_nothing_at_first(changes: dict[str, object]) -> None:
    """A fusion added to a trained network leaves its answer as it was, with a sentence and without."""
    blind = GSGNet(replace(SMALL, fusion="none", guidance=False))
    awaken(blind)
    pixels = torch.randn(2, 3, 64, 96)
    settle(blind, pixels, sentences([3, 0], 12))
    reader = GSGNet(replace(SMALL, **({"fusion": "none", "guidance": False} | changes))).eval()
    assert not reader.load_state_dict(blind.state_dict(), strict=False).unexpected_keys
    expected = blind(pixels).logits
    for text in (None, sentences([3, 0], 12)):
        assert distance(reader(pixels, text).logits, expected) < 1e-3


@torch.no_grad()
def test_word_maps_are_on_the_path() -> None:
    """With no sentence vector concatenated, the words alone move the answer."""
    model = GSGNet(replace(SMALL, fusion="none"))
    awaken(model)
    pixels, text = torch.randn(2, 3, 64, 96), sentences([3, 5], 12)
    settle(model, pixels, text)
    features = model.encode_image(pixels)
    changed = replace(text, tokens=text.tokens + torch.randn_like(text.tokens) * text.words[..., None])
    before, after = model.decode(features, text), model.decode(features, changed)
    assert (before.word_maps - after.word_maps).abs().max() > 1e-3
    assert distance(after.logits, before.logits) > 0.01


@pytest.mark.parametrize(
    ("changes", "named"),
    [({"fusion": "sum"}, "fusion"), ({"channels": 20}, "channels"), ({"upsamplings": 3}, "upsamplings")],
)
def test_impossible_configurations(changes: dict[str, object], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        replace(SMALL, **changes)


@pytest.mark.parametrize(("rate", "frozen"), [(0, 0), (0.5, 2), (0.9, 4), (1, 5)])
def test_freeze_fraction(rate: float, frozen: int) -> None:
    blocks = [nn.Linear(2, 2) for _ in range(5)]
    stem = nn.Parameter(torch.zeros(3))
    freeze_fraction(blocks, rate, stem=[stem])
    assert [not block.weight.requires_grad for block in blocks] == [True] * frozen + [False] * (5 - frozen)
    assert stem.requires_grad == (rate == 0)


def test_freeze_norm_stats() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)).train()
    freeze_norm_stats(model)
    model(torch.randn(8, 3, 4, 4) + 5)
    assert torch.equal(model[1].running_mean, torch.zeros(4))
    assert model[0].training


def test_the_loss_of_the_side_outputs_is_their_summed_cross_entropy() -> None:
    torch.manual_seed(0)
    model = GSGNet(replace(SMALL, guidance=False, one_pass=False, referent=False, presence=False))
    assert set(model.losses) == {"sides"}
    output = model(torch.randn(2, 3, 64, 96), sentences([3, 0], 12))
    density = torch.rand(2, 1, 16, 24)
    targets = SimpleNamespace(density=density)
    expected = 0.0
    for side, size in (("side8", (8, 12)), ("side4", (16, 24))):
        p = torch.sigmoid(output.aux[side])
        t = F.interpolate(density, size=size, mode="bilinear", align_corners=False)
        expected += -(t * p.log() + (1 - t) * (1 - p).log()).mean()
    torch.testing.assert_close(model.losses["sides"](output, targets), expected)
