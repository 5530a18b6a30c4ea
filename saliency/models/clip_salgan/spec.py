"""CLIP-SalGAN's presets and the texts about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..limits import AVERAGE, VIEWERS
from ..origins import VGG16
from ..spec import RESEARCH_ONLY, ModelSpec, Preset, Text
from .model import ClipSalGan, ClipSalGanConfig

# Smaller pictures and dilated convolutions: a cell depends on most of the picture and not on 20 pixels of it.
COMPACT = ClipSalGanConfig(
    height=96,
    width=128,
    normalise_pictures=True,
    widths=(32, 64),
    vgg2=(1, 1, 2, 4, 8, 1),
    text_dim=384,
    refinement=(1,),
    prior_maps=16,
    activation="softmax",
)
SMALL: dict[str, Any] = {"height": 48, "width": 64, "widths": (8, 16), "text_dim": 12}

CUT_TO_INTEGERS = Text(
    "Its authors trained it on sentence vectors cut to integers, most of which are 0; here it reads them whole.",
    "其作者训练时将句子向量截断为整数（大多为 0）；此处读取完整的向量。",
)

SPEC = ModelSpec(
    name="clip_salgan",
    title="CLIP-SalGAN",
    summary=Text(
        "Two VGG blocks trained against a discriminator; it reads the sentence as one vector.",
        "两个 VGG 模块，与判别器对抗训练；将句子读作一个向量。",
    ),
    paper="Pan et al.: SalGAN: Visual saliency prediction with generative adversarial networks. arXiv 1701.01081, "
    "2017; text by Radford et al.: Learning transferable visual models from natural language supervision. ICML 2021.",
    link="https://arxiv.org/abs/1701.01081",
    model=ClipSalGan,
    presets={"paper": Preset(ClipSalGanConfig(), "clip"), "compact": Preset(COMPACT, "minilm")},
    tiny={
        "compact": Preset(replace(COMPACT, **SMALL, prior_maps=3), "minilm"),
        "reference": Preset(ClipSalGanConfig(variant="reference", **SMALL), "clip"),
        "paper": Preset(ClipSalGanConfig(**SMALL), "clip"),
    },
    licence=RESEARCH_ONLY,
    reads_text=True,
    word_maps=False,
    limits=(
        VIEWERS,
        Text(
            "A small network from scratch; it sees colours, contrasts and the centre rather than objects.",
            "从零训练的小型网络；看到的是颜色、对比和画面中心，而非物体。",
        ),
        Text(
            "English sentences only, read as one vector; it cannot find what a word names.",
            "仅限英文句子，且读作一个向量；无法找到词语所指的事物。",
        ),
        AVERAGE,
    ),
    notes=(CUT_TO_INTEGERS, VGG16),
)
