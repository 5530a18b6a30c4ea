"""GSGNet's presets and the texts about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..limits import AVERAGE, NAMED_THINGS, PHOTOGRAPHS, VIEWERS
from ..origins import DENSENET161, EFFICIENTNET_LITE2, YOLOX_NANO
from ..spec import RESEARCH_ONLY, ModelSpec, Preset, Text
from .model import GSGNet, GSGNetConfig

COMPACT = GSGNetConfig(
    trunk="tf_efficientnet_lite2",
    height=240,
    width=320,
    channels=96,
    decoder_channels=48,
    upsamplings=0,
    activation="softmax",
    text_dim=384,
    guidance=True,
    objects=True,
    referent=True,
    presence=True,
    one_pass=True,
)
SMALL: dict[str, Any] = {
    "trunk": "test_resnet",
    "height": 64,
    "width": 96,
    "channels": 16,
    "decoder_channels": 8,
    "text_dim": 12,
    "grounding_dim": 16,
}
TINY = replace(COMPACT, **SMALL, objects=False)

SPEC = ModelSpec(
    name="gsgnet",
    title="GSGNet",
    summary=Text(
        "A semantic tensor, made of the picture and its sentence, guides the fusion of four levels of detail.",
        "由图片及其句子构成的语义张量，引导四个细节层次的融合。",
    ),
    paper="Xie et al.: Global semantic-guided network for saliency prediction. Knowledge-Based Systems 284, 2024.",
    link="https://www.sciencedirect.com/science/article/pii/S0950705123010274",
    model=GSGNet,
    presets={
        "paper": Preset(GSGNetConfig(), "bert"),
        "compact": Preset(COMPACT, "minilm"),
    },
    tiny={
        "compact": Preset(TINY, "minilm"),
        "words": Preset(replace(TINY, referent=False, presence=False, one_pass=False), "minilm"),
        "all_concat": Preset(replace(TINY, guidance=False, fusion="all_concat"), "minilm"),
        "paper": Preset(GSGNetConfig(**SMALL), "bert"),
    },
    licence=RESEARCH_ONLY,
    reads_text=True,
    word_maps=True,
    limits=(VIEWERS, PHOTOGRAPHS, NAMED_THINGS, AVERAGE),
    notes=(EFFICIENTNET_LITE2, YOLOX_NANO, DENSENET161),
)
