"""TranBlend's presets and the texts about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..grounding import COMMON_NOTES, present_grounding
from ..limits import AVERAGE, NAMED_THINGS, PHOTOGRAPHS, VIEWERS
from ..spec import RESEARCH_ONLY, ModelSpec, Named, Preset, Text
from ..transalnet.spec import COMPACT as COMPACT_BACKBONE
from ..transalnet.spec import LITE as LITE_BACKBONE
from ..transalnet.spec import TINY as TINY_BACKBONE
from ..transalnet.spec import TINY_PAPER as TINY_PAPER_BACKBONE
from .blip import BlipConfig
from .model import TranBlend, TranBlendConfig

COMPACT = TranBlendConfig(
    backbone=COMPACT_BACKBONE, source="grounding", text_dim=384, guide_fine=True, objects=True, referent=True
)
LITE = replace(COMPACT, backbone=LITE_BACKBONE)
TINY = replace(COMPACT, backbone=TINY_BACKBONE, text_dim=12, grounding_dim=16, layers=1, objects=False, referent=False)
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
TINY_PAPER = TranBlendConfig(TINY_PAPER_BACKBONE, blip=TINY_BLIP)


def present(preset: str, config: Mapping[str, Any]) -> Named:
    """Recipes of the grounding branch once named its trunk and width without their places in `TranBlendConfig`."""
    preset, config = present_grounding(preset, config)
    if "trunk" in config:
        trunk = {"trunk": config["trunk"]}
        config = {name: value for name, value in config.items() if name != "trunk"} | {"backbone": trunk}
    return Named(preset, config)


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
        "compact_words": Preset(replace(COMPACT, referent=False), "minilm"),
        "lite": Preset(LITE, "minilm"),
        "lite_words": Preset(replace(LITE, referent=False), "minilm"),
    },
    tiny={
        "compact": Preset(TINY, "minilm"),
        "with objects": Preset(replace(TINY, objects=True, guide_fine=False), "minilm"),
        "lite": Preset(
            replace(TINY, backbone=replace(TINY_BACKBONE, height=48, one_pass=True), referent=True), "minilm"
        ),
        "upsample": Preset(replace(TINY, blend="upsample"), "minilm"),
        "paper": Preset(TINY_PAPER, "blip"),
        "cross_attention": Preset(replace(TINY_PAPER, blend="cross_attention"), "blip"),
    },
    licence=RESEARCH_ONLY,
    reads_text=True,
    word_maps=True,
    limits=(VIEWERS, PHOTOGRAPHS, NAMED_THINGS, AVERAGE),
    notes=(
        *COMMON_NOTES,
        Text(
            "this project's tranblend_words, whose words point and which has read gaze guided by sentences",
            "本项目的 tranblend_words：其词语会定位，并已用句子引导的注视数据训练",
        ),
        Text(
            "this project's transalnet, trained on gaze without sentences: 0.4 of the mean that the backbone's weights "
            "are",
            "本项目的 transalnet，用无句子的注视数据训练：在主干网络的权重均值中占 0.4",
        ),
    ),
    present=present,
)
