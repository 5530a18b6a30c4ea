"""A trunk with a grounding branch: what is pre-trained before the compact models."""

from __future__ import annotations

from torch import Tensor, nn

from ..features import ImageFeatures, TextFeatures, select
from ..front_end import FrontEnd
from .branch import Grounding


class GroundingModel(nn.Module):
    """A trunk (strides 8, 16 and 32) with a `Grounding`: the pre-training model of the compact models."""

    def __init__(self, trunk: nn.Module, grounding: Grounding):
        super().__init__()
        self.trunk = trunk
        self.grounding = grounding

    @property
    def front_end(self) -> FrontEnd:
        """Of the trunk and the grounding's detector."""
        return self.grounding.front_end_on(self.trunk)

    def forward(
        self, pictures: Tensor | ImageFeatures, index: Tensor, text: TextFeatures
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Token logits (T, L, h, w) on the regions, regions (N, C, h, w) and words (T, L, C) in the shared space.

        Args:
            pictures: (N, 3, H, W), or their features of the `front_end`.
        """
        front_features = self.front_end(pictures) if isinstance(pictures, Tensor) else pictures
        regions, features = self.grounding.encode_regions(front_features)
        words, _ = self.grounding.words(text, len(text))
        words = words[:, 1:]
        logits = self.grounding.logits(select(features, index), words, text.tokens)
        return logits, self.grounding.region_space(regions), self.grounding.word_space(words)
