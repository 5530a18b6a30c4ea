"""The captioner's presets and the texts about it."""

from __future__ import annotations

from ..origins import EFFICIENTNET_LITE2, RESNET50
from ..spec import RESEARCH_ONLY, NetworkSpec, Preset, Text
from .model import Captioner, CaptionerConfig

COMPACT = CaptionerConfig(
    trunk="tf_efficientnet_lite2",
    height=360,
    width=480,
    levels=(16, 32),
    grid=(30, 40),
    hidden=256,
    heads=8,
    vocabulary=3000,
    length=20,
    dropout=0.2,
)
TINY = CaptionerConfig("test_resnet", 64, 96, (16, 32), (6, 9), 16, 2, vocabulary=24, length=12)
TINY_PAPER = CaptionerConfig("test_resnet", 64, 64, hidden=16, heads=2, vocabulary=24, length=12)

SPEC = NetworkSpec(
    name="captioner",
    title="Captioner",
    summary=Text(
        "Two transformer decoders, one forward and one backward, on the cells of a CNN; its words show where they come "
        "from.",
        "基于 CNN 网格的两个 Transformer 解码器，一个正向、一个反向；每个词都显示其来源区域。",
    ),
    paper="Desai, Johnson: VirTex: Learning visual representations from textual annotations. CVPR 2021.",
    link="https://arxiv.org/abs/2006.06666",
    model=Captioner,
    # Of each the pieces of MiniLM's tokeniser: it is there, and it gives words with their characters.
    presets={"paper": Preset(CaptionerConfig(), "minilm"), "compact": Preset(COMPACT, "minilm")},
    tiny={"compact": Preset(TINY, "minilm"), "paper": Preset(TINY_PAPER, "minilm")},
    licence=RESEARCH_ONLY,
    limits=(
        Text(
            "It learned from 6,700 photographs, mostly of people and dogs outdoors: of other things it says what it "
            "knows, and it counts badly.",
            "它只从 6,700 张照片中学习，多为户外的人和狗：对于其他事物，它只会说自己知道的，而且不擅长计数。",
        ),
        Text(
            "Where a word comes from is the decoder's attention, on a coarse grid; it explains the sentence, not gaze.",
            "词的来源是解码器的注意力，网格较粗；它解释的是句子，而不是注视。",
        ),
    ),
    notes=(
        EFFICIENTNET_LITE2,
        RESNET50,
        Text("what a picture shows", "图片中有什么"),
    ),
)
