"""Word-region grounding: sentence tokens and picture regions meet in one space, and each word gets a map.

The maps guide the saliency decoders of the compact models, so a word's map is on the path to the answer. Trained first
on phrases with boxes (`trainers/grounding.py`), then with everything else.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import EncoderLayer, GuidedLayer
from .base import TextFeatures
from .blocks import ChannelLayerNorm, resize

# Planes of `GroundingOutput.guidance`: the words' maps weighted, their gated maximum, and whether there is a sentence.
GUIDANCE_PLANES = 3


@dataclass(frozen=True)
class GroundingOutput:
    """What the words say of the regions; h x w is the grid of regions.

    Attributes:
        guidance: (N, 3, h, w): weighted sum of the word maps, their gated maximum, and a plane that is 1 with text.
        word_maps: (N, L, h, w) in [0, 1], where each token points.
        word_weights: (N, L) non-negative, summing to 1 over a sentence's words (0 without text).
        words: (N, 1 + L, C) word tokens in the shared space, the learned null token first.
        mask: (N, 1 + L) bool, false on padding.
    """

    guidance: Tensor
    word_maps: Tensor
    word_weights: Tensor
    words: Tensor
    mask: Tensor

    @property
    def named(self) -> Tensor:
        """(N, 1, h, w) in [0, 1]: where anything the sentence names is, the guidance's gated maximum."""
        return self.guidance[:, 1:2]


class Regions(nn.Module):
    """Region tokens on the stride-8 grid: its own detail plus the context of stride 16, behind one attention layer."""

    def __init__(self, channels: dict[int, int], dim: int, heads: int = 4):
        super().__init__()
        self.coarse = nn.Conv2d(channels[16], dim, 1)
        self.coarse_norm = ChannelLayerNorm(dim)
        self.context = EncoderLayer(dim, heads)
        self.fine = nn.Conv2d(channels[8], dim, 1)
        self.merge = nn.Sequential(
            ChannelLayerNorm(dim), nn.GELU(), nn.Conv2d(dim, dim, 3, padding=1), nn.GELU(), nn.Conv2d(dim, dim, 1)
        )

    def forward(self, levels: dict[int, Tensor]) -> Tensor:
        """Regions (N, C, h, w) from trunk features at strides 8 and 16."""
        coarse = self.coarse_norm(self.coarse(levels[16]))
        coarse = self.context(coarse.flatten(2).transpose(1, 2)).transpose(1, 2).unflatten(2, coarse.shape[-2:])
        fine = self.fine(levels[8])
        coarse = resize(coarse, fine.shape[-2:])
        return coarse + self.merge(coarse + fine)


class Words(nn.Module):
    """Word tokens from a text encoder's token states, one transformer layer, with a learned null token in front."""

    def __init__(self, text_dim: int, dim: int, heads: int = 4):
        super().__init__()
        self.embed = nn.Linear(text_dim, dim)
        self.null = nn.Parameter(torch.zeros(1, 1, dim))
        self.layer = EncoderLayer(dim, heads)
        self.norm = nn.LayerNorm(dim)

    def forward(self, text: TextFeatures | None, pictures: int) -> tuple[Tensor, Tensor]:
        """Tokens (N, 1 + L, C) and their mask (N, 1 + L); without text only the null token, N = `pictures`."""
        null = self.null.expand(pictures, -1, -1)
        mask = torch.ones(pictures, 1, dtype=torch.bool, device=null.device)
        if text is None:
            tokens = null
        else:
            tokens = torch.cat([null, self.embed(text.tokens)], dim=1)
            mask = torch.cat([mask, text.mask & text.present[:, None]], dim=1)
        return self.norm(self.layer(tokens, mask)), mask


class Grounding(nn.Module):
    """Regions and words in one space: cosine similarity, scaled and shifted, is where a word points.

    Args:
        channels: channels of the trunk's strides, 8 and 16 among them.
        text_dim: channels of the text encoder's token states.
        dim: channels of the shared space.
    """

    def __init__(self, channels: dict[int, int], text_dim: int, dim: int = 192):
        super().__init__()
        self.regions = Regions(channels, dim)
        self.words = Words(text_dim, dim)
        self.region_space = nn.Conv2d(dim, dim, 1)
        self.word_space = nn.Linear(dim, dim)
        self.scale = nn.Parameter(torch.tensor(10.0).log())
        self.shift = nn.Parameter(torch.tensor(-3.0))
        self.importance = nn.Linear(dim, 2)  # of a word: weight in the sum, gate of the maximum

    def image(self, levels: dict[int, Tensor]) -> Tensor:
        """Region tokens (N, dim, h, w) of trunk features, on the stride-8 grid; depends on the picture alone."""
        return self.regions(levels)

    def similarity(self, regions: Tensor, words: Tensor) -> Tensor:
        """Logits (N, L, h, w) that word tokens (N, L, C) point at regions (N, C, h, w)."""
        a = F.normalize(self.region_space(regions).float(), dim=1)
        b = F.normalize(self.word_space(words).float(), dim=2)
        return torch.einsum("nchw,nlc->nlhw", a, b) * self.scale.exp() + self.shift

    def forward(self, regions: Tensor, text: TextFeatures | None) -> GroundingOutput:
        """Where the words of `text` point among `regions` (N, dim, h, w); one sentence a picture."""
        pictures, _, height, width = regions.shape
        words, mask = self.words(text, pictures)
        content = words[:, 1:]
        maps = torch.sigmoid(self.similarity(regions, content))
        read = mask[:, 1:] if text is None else text.words & text.present[:, None]
        weight, gate = self.importance(content).float().unbind(-1)
        weight = torch.where(read, weight, float("-inf"))
        weight = torch.nan_to_num(torch.softmax(weight, dim=1)) if weight.shape[1] else weight
        gated = maps * (torch.sigmoid(gate) * read)[:, :, None, None]
        strongest = gated.amax(dim=1) if gated.shape[1] else regions.new_zeros(pictures, height, width)
        present = read.any(dim=1).to(maps.dtype)[:, None, None].expand(-1, height, width)
        guidance = torch.stack([torch.einsum("nl,nlhw->nhw", weight, maps), strongest.to(maps.dtype), present], dim=1)
        return GroundingOutput(guidance, maps * read[:, :, None, None], weight, words, mask)


class ImageTextEncoder(nn.Module):
    """A small image-text encoder: picture tokens that read the words, guided by where the words point.

    Gives a feature map that depends on both picture and sentence, the compact stand-in for BLIP's image-text feature.
    """

    def __init__(self, channels: int, layers: int = 2, heads: int = 4, dropout: float = 0.0):
        super().__init__()
        self.norm = ChannelLayerNorm(channels)
        self.guide = nn.Sequential(
            nn.Conv2d(GUIDANCE_PLANES, channels // 2, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(channels // 2, channels, 3, padding=1),
        )
        self.layers = nn.ModuleList(GuidedLayer(channels, heads, dropout=dropout) for _ in range(layers))

    def forward(self, x: Tensor, grounding: GroundingOutput) -> Tensor:
        """Feature map (N, C, h, w) from a picture's features (N, C, h, w) and its sentence's grounding."""
        size = x.shape[-2:]
        x = self.norm(x) + self.guide(resize(grounding.guidance, size))
        tokens = x.flatten(2).transpose(1, 2)
        for layer in self.layers:
            tokens = layer(tokens, grounding.words, grounding.mask)
        return tokens.transpose(1, 2).unflatten(2, size)
