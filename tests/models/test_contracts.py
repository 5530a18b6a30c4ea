"""The contract of `contract.py` on each model; GSGNet's is beside its own tests."""

from __future__ import annotations

from dataclasses import replace

from saliency.models.base import SaliencyModel
from saliency.models.blip import BlipConfig
from saliency.models.clip_salgan import SPEC as CLIP_SALGAN
from saliency.models.clip_salgan import ClipSalGan, ClipSalGanConfig
from saliency.models.tranblend import TranBlend, TranBlendConfig
from saliency.models.transalnet import COMPACT, Refinement, TranSalNet, TranSalNetConfig

from .contract import ModelContract

NARROW = replace(
    COMPACT,
    height=64,
    width=96,
    deep=Refinement(16, 2),
    middle=Refinement(16, 2),
    fine=Refinement(8, 2),
    decoder=(8, 8),
)
PAPER_SHAPED = TranSalNetConfig(
    trunk="resnet50_v2",
    height=64,
    width=96,
    deep=Refinement(16, 2),
    middle=Refinement(16, 2),
    fine=Refinement(8, 2),
    decoder=(8, 8, 8, 8),
)
BLIP = BlipConfig(
    hidden=16,
    layers=2,
    heads=2,
    intermediate=32,
    vocabulary=60,
    image_hidden=16,
    image_layers=2,
    image_heads=2,
    image_intermediate=32,
    image_size=64,
    trained_size=64,
)


class TestTranSalNet(ModelContract):
    reads_text = False

    def build(self) -> SaliencyModel:
        return TranSalNet(NARROW)


class TestTranSalNetPaper(ModelContract):
    reads_text = False

    def build(self) -> SaliencyModel:
        return TranSalNet(PAPER_SHAPED)


class TestTranBlend(ModelContract):
    word_maps = True

    def build(self) -> SaliencyModel:
        return TranBlend(
            TranBlendConfig(NARROW, source="grounding", text_dim=12, grounding_dim=16, layers=1, guide_fine=True)
        )


class TestTranBlendWithObjects(ModelContract):
    word_maps = True

    def build(self) -> SaliencyModel:
        return TranBlend(
            TranBlendConfig(NARROW, source="grounding", text_dim=12, grounding_dim=16, layers=1, objects=True)
        )


class TestTranBlendUpsample(ModelContract):
    word_maps = True

    def build(self) -> SaliencyModel:
        return TranBlend(
            TranBlendConfig(NARROW, blend="upsample", source="grounding", text_dim=12, grounding_dim=16, layers=1)
        )


class TestTranBlendPaper(ModelContract):
    def build(self) -> SaliencyModel:
        return TranBlend(TranBlendConfig(PAPER_SHAPED, blip=BLIP))


class TestTranBlendCrossAttention(ModelContract):
    def build(self) -> SaliencyModel:
        return TranBlend(TranBlendConfig(PAPER_SHAPED, blend="cross_attention", blip=BLIP))


class TestClipSalGan(ModelContract):
    size = (48, 64)
    other_size = (40, 56)

    def build(self) -> SaliencyModel:
        compact = CLIP_SALGAN.presets["compact"].config
        return ClipSalGan(replace(compact, widths=(8, 16), text_dim=12, prior_maps=3))


class TestClipSalGanReference(ModelContract):
    size = (48, 64)
    other_size = (40, 56)

    def build(self) -> SaliencyModel:
        return ClipSalGan(ClipSalGanConfig(variant="reference", widths=(8, 16), text_dim=12))
