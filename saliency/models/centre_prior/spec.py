"""The specification of the baseline and the texts about it."""

from __future__ import annotations

from ..baseline import BaselineConfig
from ..limits import FORMULA
from ..spec import WITHOUT_WEIGHTS, ModelSpec, Preset, Text
from .model import CentrePrior

SPEC = ModelSpec(
    name="centre_prior",
    title="Centre prior",
    summary=Text(
        "A Gaussian around the centre: where people look in any picture. It does not see the picture.",
        "以图片中心为均值的高斯分布：人们在任何图片中都倾向注视之处。它不看图片。",
    ),
    paper="Tatler: The central fixation bias in scene viewing. Journal of Vision 7, 2007.",
    model=CentrePrior,
    presets={"compact": Preset(BaselineConfig())},
    tiny={"compact": Preset(BaselineConfig(64))},
    licence=WITHOUT_WEIGHTS,
    reads_text=False,
    word_maps=False,
    learned=False,
    limits=(FORMULA, Text("Its map is the same for every picture of one size.", "对同一尺寸的所有图片，其图都相同。")),
)
