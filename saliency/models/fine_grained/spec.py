"""The specification of the baseline and the texts about it."""

from __future__ import annotations

from ..baseline import BaselineConfig
from ..limits import FORMULA
from ..spec import WITHOUT_WEIGHTS, ModelSpec, Preset, Text
from .model import FineGrained

SPEC = ModelSpec(
    name="fine_grained",
    title="Fine grained",
    summary=Text(
        "Differences between small regions and their surroundings, over several scales.",
        "多个尺度上小区域与其周围的差异。",
    ),
    paper="Montabone, Soto: Human detection using a mobile platform and novel features derived from a visual "
    "saliency mechanism. Image and Vision Computing 28, 2010.",
    model=FineGrained,
    presets={"compact": Preset(BaselineConfig())},
    tiny={"compact": Preset(BaselineConfig(64))},
    licence=WITHOUT_WEIGHTS,
    reads_text=False,
    word_maps=False,
    learned=False,
    limits=(FORMULA, Text("It finds edges and small details, not things.", "它找到的是边缘和细节，而不是物体。")),
)
