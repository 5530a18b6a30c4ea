"""TranBlend: what blending does and what it leaves alone (specification, sections 5 and 13)."""

from dataclasses import replace

import pytest
import torch

from saliency.models import registry
from saliency.models.features import TextFeatures
from saliency.models.tranblend.blending import BlendNet, CrossAttention, VectorUpsampler
from saliency.models.tranblend.blip import BlipConfig, BlipEncoder
from saliency.models.tranblend.model import BLENDS, TranBlend, TranBlendConfig
from saliency.models.transalnet.model import TranSalNetConfig, TransformerConfig

BACKBONE = TranSalNetConfig(
    "test_resnet",
    96,
    128,
    deep=TransformerConfig(32, 4),
    middle=TransformerConfig(32, 4),
    fine=TransformerConfig(16, 4),
    decoder=(16, 8),
    upsamplings=1,
)
TINY_BLIP = BlipConfig(32, 2, 4, 64, 30524, 32, 2, 4, 64, 16, 64, 96)
TINY = TranBlendConfig(backbone=BACKBONE, blip=TINY_BLIP)
COMPACT = replace(TINY, source="grounding", text_dim=24, grounding_dim=32, guide_fine=True)


def sentences(ids: list[list[int]], present: list[bool], dim: int = 24) -> TextFeatures:
    shape = (len(ids), len(ids[0]))
    generator = torch.Generator().manual_seed(sum(map(sum, ids)))
    return TextFeatures(
        tokens=torch.randn(*shape, dim, generator=generator),
        mask=torch.ones(shape, dtype=torch.bool),
        words=torch.ones(shape, dtype=torch.bool),
        sentence=torch.randn(shape[0], dim, generator=generator),
        present=torch.tensor(present),
        ids=torch.tensor(ids),
    )


@pytest.fixture
def pixels() -> torch.Tensor:
    return torch.randn(2, 3, 96, 128, generator=torch.Generator().manual_seed(1))


def test_the_spread_has_433_parameters_and_one_kernel_for_all_features():
    spread = VectorUpsampler(768, (18, 24))
    assert sum(parameter.numel() for parameter in spread.parameters()) == 433
    vector = torch.randn(2, 768)
    expected = vector[:, :, None, None] * spread.kernel.weight[0, 0] + spread.kernel.bias
    torch.testing.assert_close(spread(vector), expected)


def test_the_paper_preset_has_the_papers_shapes():
    with torch.device("meta"):
        blendnet, attention = BlendNet(768, 768), CrossAttention(768, 768)
        weights = attention.attention(torch.empty(1, 768, 18, 24), torch.empty(1, 768, 18, 24))
    assert tuple(blendnet.conv1.weight.shape) == (768, 1536, 3, 3)
    assert tuple(blendnet.conv2.weight.shape) == (768, 768, 3, 3)
    assert attention.query[0].out_channels == attention.key[0].out_channels == 96
    assert tuple(weights.shape) == (1, 432, 432)


def test_attention_is_over_the_pictures_positions():
    weights = CrossAttention(16, 16).eval().attention(torch.randn(2, 16, 3, 4), torch.randn(2, 16, 3, 4))
    torch.testing.assert_close(weights.sum(dim=-1), torch.ones(2, 12))


@pytest.mark.parametrize("config", [TINY, COMPACT], ids=["blip", "grounding"])
def test_an_untrained_blendnet_answers_as_its_backbone(config: TranBlendConfig, pixels: torch.Tensor):
    torch.manual_seed(0)
    model = TranBlend(config).eval()
    with torch.no_grad():
        expected = model.backbone(pixels).logits
        torch.testing.assert_close(model(pixels).logits, expected, rtol=1e-4, atol=1e-5)
        read = model(pixels, sentences([[5, 6, 7], [8, 9, 10]], [True, False]))
        torch.testing.assert_close(read.logits, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("source", ["blip", "grounding"])
@pytest.mark.parametrize("blend", BLENDS)
def test_every_blend_reads_the_sentence_but_none(blend: str, source: str, pixels: torch.Tensor):
    torch.manual_seed(0)
    model = TranBlend(replace(COMPACT if source == "grounding" else TINY, blend=blend)).eval()
    if blend == "blendnet":
        torch.nn.init.normal_(model.blendnet.conv1.weight, std=0.1)
    with torch.no_grad():
        one = model(pixels, sentences([[5, 6, 7], [5, 6, 7]], [True, True])).logits
        other = model(pixels, sentences([[8, 9, 10], [8, 9, 10]], [True, True])).logits
    assert one.shape == (2, 1, 24, 32)
    assert torch.equal(one, other) == (blend == "none")


def test_blip_reads_in_both_directions():
    """Changing the last word changes the state at the first, which a causal decoder would leave alone."""
    torch.manual_seed(0)
    encoder = BlipEncoder(TINY_BLIP).eval()
    with torch.no_grad():
        tokens = encoder.encode_image(torch.randn(1, 3, 96, 128))
        assert tokens.shape == (1, 1 + (64 // 16) ** 2, 32)
        first = encoder(tokens, sentences([[5, 6, 7]], [True]))
        second = encoder(tokens, sentences([[5, 6, 8]], [True]))
    assert first.shape == (1, 32)
    assert not torch.allclose(first, second, atol=1e-5)


def test_blip_sees_clip_normalised_pixels():
    """Grey pixels under ImageNet's statistics become grey pixels under CLIP's."""
    encoder = BlipEncoder(TINY_BLIP)
    grey = (0.5 - torch.tensor(TINY_BLIP.mean)) / torch.tensor(TINY_BLIP.std)
    rescaled = grey.view(1, 3, 1, 1) * encoder.rescale + encoder.offset
    expected = (0.5 - torch.tensor((0.4815, 0.4578, 0.4082))) / torch.tensor((0.2686, 0.2613, 0.2758))
    torch.testing.assert_close(rescaled.flatten(), expected, rtol=1e-3, atol=1e-3)


def test_the_paper_preset_is_blips_and_the_compact_one_grounded():
    presets = registry.spec("tranblend").presets
    assert (presets["paper"].config.source, presets["paper"].text_encoder) == ("blip", "blip")
    assert (presets["compact"].config.source, presets["compact"].text_encoder) == ("grounding", "minilm")
    with pytest.raises(ValueError, match="blend must be one of"):
        TranBlend(replace(TINY, blend="mixed"))
