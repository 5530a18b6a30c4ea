"""TranSalNet's presets and the texts about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..limits import AVERAGE, PHOTOGRAPHS, VIEWERS
from ..origins import DENSENET161, EFFICIENTNET_LITE2
from ..spec import RESEARCH_ONLY, ModelSpec, Preset, Text
from .model import TranSalNet, TranSalNetConfig, TransformerConfig

COMPACT = TranSalNetConfig(
    trunk="tf_efficientnet_lite2",
    height=240,
    width=320,
    fit="squash",
    deep=TransformerConfig(192, 4),
    middle=TransformerConfig(192, 4),
    fine=TransformerConfig(128, 4, layers=1),
    decoder=(64, 32),
    upsamplings=1,
    activation="softmax",
)
SMALL: dict[str, Any] = {
    "trunk": "test_resnet",
    "height": 64,
    "width": 96,
    "deep": TransformerConfig(16, 2),
    "middle": TransformerConfig(16, 2),
    "fine": TransformerConfig(8, 2),
}
TINY = replace(COMPACT, **SMALL, decoder=(8, 8))
TINY_PAPER = TranSalNetConfig(**SMALL | {"middle": TransformerConfig(32, 2)}, decoder=(8, 8, 8, 8))

SPEC = ModelSpec(
    name="transalnet",
    title="TranSalNet",
    summary=Text(
        "Transformers on CNN features at three scales. Text-blind: the baseline of every table.",
        "三个尺度的 CNN 特征上的 Transformer。不读文本：所有表格的基线。",
    ),
    paper="Lou, Lin, Marshall, Saupe, Liu: TranSalNet: Towards perceptually relevant visual saliency prediction. "
    "Neurocomputing 494, 2022.",
    link="https://arxiv.org/abs/2110.03593",
    model=TranSalNet,
    presets={"paper": Preset(TranSalNetConfig()), "compact": Preset(COMPACT)},
    tiny={"compact": Preset(TINY), "paper": Preset(TINY_PAPER)},
    licence=RESEARCH_ONLY,
    reads_text=False,
    word_maps=False,
    limits=(VIEWERS, PHOTOGRAPHS, AVERAGE),
    notes=(EFFICIENTNET_LITE2, DENSENET161),
)
