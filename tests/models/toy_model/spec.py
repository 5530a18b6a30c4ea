"""ToyNet's presets and the texts about it."""

from __future__ import annotations

from saliency.models.spec import MIT, ModelSpec, Preset, Text

from .model import ToyNet, ToyNetConfig

SPEC = ModelSpec(
    name="toynet",
    title="ToyNet",
    summary=Text(
        "Two convolutions; it reads the sentence as one vector, which weighs their channels.",
        "两个卷积；将句子读作一个向量，用以加权其通道。",
    ),
    paper="Nobody: How to add a model. This repository, 2026.",
    model=ToyNet,
    presets={"compact": Preset(ToyNetConfig(), "minilm")},
    tiny={"compact": Preset(ToyNetConfig(height=48, width=64, channels=8, text_dim=12), "minilm")},
    licence=MIT,
    reads_text=True,
    word_maps=False,
    limits=(Text("It finds colours and edges, not things.", "它找到的是颜色和边缘，而不是物体。"),),
)
