"""TranBlend's presets and the texts about it."""

from __future__ import annotations

from dataclasses import replace

from ..limits import AVERAGE, NAMED_THINGS, PHOTOGRAPHS, VIEWERS
from ..origins import BLIP, EFFICIENTNET_LITE2, YOLOX_NANO
from ..spec import RESEARCH_ONLY, ModelSpec, Preset, Text
from ..transalnet.spec import COMPACT as COMPACT_BACKBONE
from ..transalnet.spec import TINY as TINY_BACKBONE
from ..transalnet.spec import TINY_PAPER as TINY_PAPER_BACKBONE
from .blip import BlipConfig
from .model import TranBlend, TranBlendConfig

COMPACT = TranBlendConfig(
    backbone=replace(COMPACT_BACKBONE, one_pass=True),
    source="grounding",
    text_dim=384,
    guide_fine=True,
    objects=True,
    referent=True,
    presence=True,
    referent_gain=3.5,
)
WORDS = replace(COMPACT, referent=False, presence=False, referent_gain=1.0)
TINY = replace(
    COMPACT,
    backbone=replace(TINY_BACKBONE, one_pass=True),
    text_dim=12,
    grounding_dim=16,
    layers=1,
    objects=False,
)
TINY_BLIP = BlipConfig(
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
TINY_PAPER = TranBlendConfig(backbone=TINY_PAPER_BACKBONE, blip=TINY_BLIP)


SPEC = ModelSpec(
    name="tranblend",
    title="TranBlend",
    summary=Text(
        "TranSalNet blended with an image-text feature; in the compact preset each word's map guides the answer.",
        "TranSalNet 与图文特征融合；在 compact 预设中，每个词的图引导预测。",
    ),
    paper="TranBlend: TranSalNet blended with BLIP image-text features (student project, CS3324, no publication).",
    model=TranBlend,
    presets={
        "paper": Preset(TranBlendConfig(), "blip"),
        "compact": Preset(COMPACT, "minilm"),
        "compact_words": Preset(WORDS, "minilm"),
    },
    tiny={
        "compact": Preset(TINY, "minilm"),
        "with objects": Preset(replace(TINY, objects=True, guide_fine=False), "minilm"),
        "upsample": Preset(replace(TINY, blend="upsample"), "minilm"),
        "paper": Preset(TINY_PAPER, "blip"),
        "cross_attention": Preset(replace(TINY_PAPER, blend="cross_attention"), "blip"),
    },
    licence=RESEARCH_ONLY,
    reads_text=True,
    word_maps=True,
    limits=(VIEWERS, PHOTOGRAPHS, NAMED_THINGS, AVERAGE),
    notes=(EFFICIENTNET_LITE2, YOLOX_NANO, BLIP),
)
