"""SDG-SOD's presets and the texts about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..limits import PHOTOGRAPHS
from ..origins import EFFICIENTNET_LITE2, YOLOX_NANO
from ..spec import RESEARCH_ONLY, ModelSpec, Preset, Text
from .model import SDGSOD, SDGSODConfig

COMPACT = SDGSODConfig(
    trunk="tf_efficientnet_lite2",
    height=240,
    width=320,
    channels=96,
    hidden=96,
    context=True,
    upsampling=2,
    normalise="signed",
    text_dim=384,
    objects=True,
    referent=True,
    presence=True,
    one_pass=True,
)
SMALL: dict[str, Any] = {
    "trunk": "test_resnet",
    "height": 64,
    "width": 96,
    "hidden": 16,
    "text_dim": 12,
    "grounding_dim": 16,
}
TINY = replace(COMPACT, **SMALL, channels=16, objects=False)

SPEC = ModelSpec(
    name="sdg_sod",
    title="SDG-SOD",
    summary=Text(
        "A mask of the salient object, or of the thing that a sentence names. Objects, not gaze.",
        "显著物体的掩膜，或句子所指之物的掩膜。是物体，而非注视。",
    ),
    paper="SDG-SOD: salient object detection guided by a generated sentence. arXiv 2203.04076.",
    link="https://arxiv.org/abs/2203.04076",
    model=SDGSOD,
    presets={"paper": Preset(SDGSODConfig(), "bert"), "compact": Preset(COMPACT, "minilm")},
    tiny={
        "compact": Preset(TINY, "minilm"),
        "paper": Preset(SDGSODConfig(**SMALL), "bert"),
    },
    licence=RESEARCH_ONLY,
    reads_text=True,
    word_maps=True,
    task="objects",
    limits=(
        Text(
            "Its maps are masks of objects, not gaze: people look at parts of things, and at much else.",
            "其结果是物体的掩膜，而非注视：人们只看物体的一部分，也会看许多别的地方。",
        ),
        Text(
            "A sentence that names one of several things moves the mask to it only where the words are understood: "
            "English, everyday things. It does not say whether the thing is there.",
            "句子点名多个物体之一时，只有当词语被理解（英语、日常事物）时掩膜才会移到该物体上；它不判断该物体是否存在。",
        ),
        PHOTOGRAPHS,
    ),
    notes=(
        EFFICIENTNET_LITE2,
        YOLOX_NANO,
        Text("PVT-v2-B3, ImageNet (timm, Apache-2.0)", "timm 的 PVT-v2-B3，ImageNet（Apache-2.0）"),
        Text("masks of salient objects", "显著物体的掩膜"),
        Text("boxes of things that sentences name", "句子所指之物的边框"),
    ),
)
