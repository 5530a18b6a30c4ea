"""The specification of the baseline and the texts about it."""

from __future__ import annotations

from ..baseline import baseline_spec
from ..spec import Text
from .model import CentrePrior

SPEC = baseline_spec(
    name="centre_prior",
    title="Centre prior",
    summary=Text(
        "A Gaussian around the centre: where people look in any picture. It does not see the picture.",
        "以图片中心为均值的高斯分布：人们在任何图片中都倾向注视之处。它不看图片。",
    ),
    paper="Tatler: The central fixation bias in scene viewing. Journal of Vision 7, 2007.",
    model=CentrePrior,
    limit=Text("Its map is the same for every picture of one size.", "对同一尺寸的所有图片，其图都相同。"),
)
