"""A small image-text encoder, the compact counterpart of BLIP's image-text feature."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..attention import CrossAttentionLayer
from ..blocks import ChannelLayerNorm, resize
from .pointing import GUIDANCE_PLANES, GroundingOutput


class ImageTextEncoder(nn.Module):
    """A small image-text encoder: picture tokens that cross-attend to the words, with the words' maps added.

    The compact counterpart of BLIP's image-text feature.

    Args:
        referent_gain: factor of the second plane of the guidance.
    """

    def __init__(
        self, channels: int, layers: int = 2, heads: int = 4, dropout: float = 0.0, referent_gain: float = 1.0
    ):
        super().__init__()
        self.referent_gain = referent_gain
        self.norm = ChannelLayerNorm(channels)
        self.guide = nn.Sequential(
            nn.Conv2d(GUIDANCE_PLANES, channels // 2, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(channels // 2, channels, 3, padding=1),
        )
        self.layers = nn.ModuleList(CrossAttentionLayer(channels, heads, dropout=dropout) for _ in range(layers))

    def forward(self, x: Tensor, grounding: GroundingOutput) -> Tensor:
        """Feature map (N, C, h, w) from a picture's features (N, C, h, w) and its sentence's grounding."""
        size = x.shape[-2:]
        weighted, referent, present = grounding.guidance.split(1, dim=1)
        guidance = torch.cat([weighted, self.referent_gain * referent, present], dim=1)
        x = self.norm(x) + self.guide(resize(guidance, size))
        tokens = x.flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens, grounding.words, grounding.mask)
        return tokens.transpose(1, 2).unflatten(2, size)
