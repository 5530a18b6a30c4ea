"""The specification of the baseline and the texts about it."""

from __future__ import annotations

from ..baseline import baseline_spec
from ..spec import Text
from .model import SpectralResidual

SPEC = baseline_spec(
    name="spectral_residual",
    title="Spectral residual",
    summary=Text(
        "What a picture's spectrum has beyond the smooth fall that all pictures share.",
        "图片频谱中超出所有图片共有的平滑衰减的部分。",
    ),
    paper="Hou, Zhang: Saliency detection: A spectral residual approach. CVPR 2007.",
    model=SpectralResidual,
    limit=Text("It finds what is rare in the picture, not things.", "它找到的是图片中少见之处，而不是物体。"),
)
