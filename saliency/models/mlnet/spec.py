"""MLNet's presets and the texts about it."""

from __future__ import annotations

from dataclasses import replace

from ..limits import AVERAGE, PHOTOGRAPHS, VIEWERS
from ..origins import EFFICIENTNET_LITE2, VGG16
from ..spec import RESEARCH_ONLY, ModelSpec, Preset, Text
from .model import MLNet, MLNetConfig

COMPACT = MLNetConfig(trunk="tf_efficientnet_lite2", height=240, width=320, fit="squash")
TINY = MLNetConfig(trunk="test_resnet", height=96, width=160, fit="squash", channels=16)

SPEC = ModelSpec(
    name="mlnet",
    title="MLNet",
    summary=Text(
        "CNN features of three depths and a learned prior of where people look in any picture. Text-blind.",
        "三个深度的 CNN 特征，加上学得的位置先验（人们在任何图片中都倾向注视之处）。不读文本。",
    ),
    paper="Cornia, Baraldi, Serra, Cucchiara: A Deep Multi-Level Network for Saliency Prediction. ICPR 2016.",
    link="https://arxiv.org/abs/1609.01064",
    model=MLNet,
    presets={"paper": Preset(MLNetConfig()), "compact": Preset(COMPACT)},
    tiny={
        "compact": Preset(TINY),
        "without prior": Preset(replace(TINY, prior=False)),
        "paper": Preset(replace(TINY, fit="pad")),
    },
    licence=RESEARCH_ONLY,
    reads_text=False,
    word_maps=False,
    limits=(VIEWERS, PHOTOGRAPHS, AVERAGE),
    notes=(EFFICIENTNET_LITE2, VGG16),
)
