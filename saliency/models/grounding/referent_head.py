"""The referring-expression head: which of the things its words may name a sentence is about.

Attribute names are state-dict keys of shipped checkpoints and stay as they are (`said`).
"""

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
        places: (h, w) of the attention's grid; the output's grid is twice as fine.
        width: channels of the attention's tokens.
        presence: add a `Presence`.
    """

    def __init__(
        self,
        channels: dict[int, int],
        text_dim: int,
        dim: int = 192,
        objects: bool = False,
        places: tuple[int, int] = (15, 20),
        width: int = 128,
        layers: int = 2,
        presence: bool = False,
    ):
        super().__init__()
        self.pointing = Pointing(channels, text_dim, dim, objects)
        self.known = nn.Sequential(ChannelLayerNorm(FEATURES), ZeroInitConv(FEATURES, dim)) if objects else None
        self.fold = nn.Conv2d(dim, width, 2, stride=2)
        self.guide = nn.Conv2d(GUIDANCE_PLANES, width, 3, padding=1)
        self.place = nn.Parameter(torch.randn(1, width, *places) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(CrossAttentionLayer(width, 4, 2, word_channels=dim) for _ in range(layers))
        for layer in self.layers:
            nn.init.constant_(layer.gate, 0.5)  # the words contribute from the first step on
        self.answer_norm = ChannelLayerNorm(width)
        # One convolution split in three, so that the picture's part is computed once for all sentences.
        self.said = nn.Conv2d(GUIDANCE_PLANES, width // 2, 1, bias=False)
        self.read = nn.Conv2d(width, width // 2, 1, bias=False)
        self.own = nn.Conv2d(dim, width // 2, 1)
        self.answer = nn.Sequential(
            nn.GELU(),
            nn.Conv2d(width // 2, width // 2, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(width // 2, 1, 1),
        )
        self.presence = Presence(dim) if presence else None

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the regions and of the map."""
        return 2 * self.place.shape[2], 2 * self.place.shape[3]

    def encode(self, front_features: ImageFeatures) -> ImageFeatures:
        """Features that depend on the picture alone, from those of a `FrontEnd`.

        ``keys`` and ``planes`` of `Pointing.keys`, ``folded`` (N, width, h / 2, w / 2) for the attention and ``own``
        (N, width / 2, h, w) for the output layer.
        """
        fine = resize(front_features["stride8"], self.grid)
        planes = None if self.known is None else resize(front_features["planes"], self.grid)
        regions = self.pointing.region_features({8: fine, 16: front_features["stride16"]}, planes)
        if self.known is not None:
            regions = regions + self.known(resize(front_features["objects"], self.grid))
        return self.pointing.keys(regions, planes) | {"folded": self.fold(regions), "own": self.own(regions)}

    def forward(self, features: ImageFeatures, text: TextFeatures) -> ReferentOutput:
        """The maps of the referents; one sentence per picture.

        Args:
            features: see `encode`.
        """
        pointing = self.pointing(features, text)
        x = features["folded"] + self.guide(resize(pointing.guidance, self.place.shape[-2:])) + self.place
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        for layer in self.layers:
            tokens = layer(tokens, pointing.words, pointing.mask)
        read = self.read(self.answer_norm(tokens.transpose(1, 2).unflatten(2, x.shape[-2:])))
        logits = self.answer(features["own"] + resize(read, self.grid) + self.said(pointing.guidance))
        return ReferentOutput(activate(logits, "softmax"), self._presence(features, pointing, text))

    def presence_of(self, features: ImageFeatures, text: TextFeatures) -> Tensor | None:
        """The `ReferentOutput.presence` that `forward` gives, without the map, which costs most of it."""
        return self._presence(features, self.pointing(features, text), text)

    def _presence(self, features: ImageFeatures, pointing: GroundingOutput, text: TextFeatures) -> Tensor | None:
        if self.presence is None:
            return None
        return self.presence(features["keys"], pointing, text.words & text.present[:, None])
