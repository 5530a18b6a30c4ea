"""The referring-expression head: which of the things its words may name a sentence is about."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..attention import CrossAttentionLayer
from ..blocks import ChannelLayerNorm, ZeroInitConv, activate, resize
from ..detector import FEATURES
from ..features import ImageFeatures, TextFeatures
from .pointing import GUIDANCE_PLANES, GroundingOutput, Pointing
from .presence_head import Presence


class ReferentOutput(NamedTuple):
    """The output of a `Referent` for N sentences.

    Attributes:
        map: (N, 1, h, w) in [0, 1], 1 at its maximum: where the thing is that the sentence is about.
        presence: (N,) logits that the picture shows it; None for a head without `Presence`.
    """

    map: Tensor
    presence: Tensor | None


class Referent(nn.Module):
    """Referring-expression head: a map of the thing that a sentence is about.

    Regions with position embeddings cross-attend to the sentence and self-attend to each
    other, which separates "the man on the right" from the other man. It has regions and words of its own.

    Args:
        channels, text_dim, dim, objects: see `Pointing`.
        attention_grid: (h, w) of the attention's tokens; the output's grid is twice as fine.
        width: channels of the attention's tokens.
        presence: add a `Presence`.
    """

    def __init__(
        self,
        channels: dict[int, int],
        text_dim: int,
        dim: int = 192,
        objects: bool = False,
        attention_grid: tuple[int, int] = (15, 20),
        width: int = 128,
        layers: int = 2,
        presence: bool = False,
    ):
        super().__init__()
        self.pointing = Pointing(channels, text_dim, dim, objects)
        self.object_projection = (
            nn.Sequential(ChannelLayerNorm(FEATURES), ZeroInitConv(FEATURES, dim)) if objects else None
        )
        self.patch_embedding = nn.Conv2d(dim, width, 2, stride=2)
        self.guidance_embedding = nn.Conv2d(GUIDANCE_PLANES, width, 3, padding=1)
        self.positions = nn.Parameter(torch.randn(1, width, *attention_grid) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(CrossAttentionLayer(width, 4, 2, word_channels=dim) for _ in range(layers))
        for layer in self.layers:
            nn.init.constant_(layer.gate, 0.5)  # the words contribute from the first step on
        self.output_norm = ChannelLayerNorm(width)
        # One convolution split in three, so that the picture's part is computed once for all sentences.
        self.output_guidance = nn.Conv2d(GUIDANCE_PLANES, width // 2, 1, bias=False)
        self.output_tokens = nn.Conv2d(width, width // 2, 1, bias=False)
        self.output_regions = nn.Conv2d(dim, width // 2, 1)
        self.output = nn.Sequential(
            nn.GELU(),
            nn.Conv2d(width // 2, width // 2, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(width // 2, 1, 1),
        )
        self.presence = Presence(dim) if presence else None

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the regions and of the map."""
        return 2 * self.positions.shape[2], 2 * self.positions.shape[3]

    def encode(self, front_features: ImageFeatures) -> ImageFeatures:
        """Features that depend on the picture alone, from those of a `FrontEnd`.

        ``keys`` and ``planes`` of `Pointing.keys`, ``patches`` (N, width, h / 2, w / 2) for the attention and
        ``output_regions`` (N, width / 2, h, w) for the output layer.
        """
        fine = resize(front_features["stride8"], self.grid)
        planes = None if self.object_projection is None else resize(front_features["planes"], self.grid)
        regions = self.pointing.region_features({8: fine, 16: front_features["stride16"]}, planes)
        if self.object_projection is not None:
            regions = regions + self.object_projection(resize(front_features["objects"], self.grid))
        own = {"patches": self.patch_embedding(regions), "output_regions": self.output_regions(regions)}
        return self.pointing.keys(regions, planes) | own

    def forward(self, features: ImageFeatures, text: TextFeatures) -> ReferentOutput:
        """The maps of the referents; one sentence per picture.

        Args:
            features: see `encode`.
        """
        pointing = self.pointing(features, text)
        guidance = resize(pointing.guidance, self.positions.shape[-2:])
        x = features["patches"] + self.guidance_embedding(guidance) + self.positions
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        for layer in self.layers:
            tokens = layer(tokens, pointing.words, pointing.mask)
        coarse = self.output_tokens(self.output_norm(tokens.transpose(1, 2).unflatten(2, x.shape[-2:])))
        summed = features["output_regions"] + resize(coarse, self.grid) + self.output_guidance(pointing.guidance)
        logits = self.output(summed)
        return ReferentOutput(activate(logits, "softmax"), self._presence(features, pointing, text))

    def presence_of(self, features: ImageFeatures, text: TextFeatures) -> Tensor | None:
        """The `ReferentOutput.presence` that `forward` gives, without the map, which costs most of it."""
        return self._presence(features, self.pointing(features, text), text)

    def _presence(self, features: ImageFeatures, pointing: GroundingOutput, text: TextFeatures) -> Tensor | None:
        if self.presence is None:
            return None
        return self.presence(features["keys"], pointing, text.words & text.present[:, None])
