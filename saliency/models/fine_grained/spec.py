"""The specification of the baseline and the texts about it."""

from __future__ import annotations

from ..baseline import baseline_spec
from ..spec import Text
from .model import FineGrained

SPEC = baseline_spec(
    name="fine_grained",
    title="Fine grained",
    summary=Text(
        "Differences between small regions and their surroundings, over several scales.",
        "多个尺度上小区域与其周围的差异。",
    ),
    paper="Montabone, Soto: Human detection using a mobile platform and novel features derived from a visual "
    "saliency mechanism. Image and Vision Computing 28, 2010.",
    model=FineGrained,
    limit=Text("It finds edges and small details, not things.", "它找到的是边缘和细节，而不是物体。"),
)
