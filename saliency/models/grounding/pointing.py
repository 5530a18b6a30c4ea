"""Pointing: each word of a sentence gets a map of the regions that it may name."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..attention import EncoderLayer
from ..blocks import ChannelLayerNorm, resize
from ..detector import NAMES
from ..features import ImageFeatures, TextFeatures
from ..text import TextEncoder

# Planes of `GroundingOutput.guidance`: the weighted sum of the words' maps; their gated maximum or, with a `Referent`
# head, its map; and whether there is a sentence.
GUIDANCE_PLANES = 3


@dataclass(frozen=True)
class GroundingOutput:
    """Maps of the words on the grid of regions, h x w.

    Attributes:
        guidance: (N, 3, h, w), see `GUIDANCE_PLANES`; the last plane is 1 with text.
        word_maps: (N, L, h, w) in [0, 1], where each token points.
        word_weights: (N, L) non-negative, summing to 1 over a sentence's words (0 without text).
        words: (N, 1 + L, C) word tokens in the shared space, the learned null token first.
        mask: (N, 1 + L) bool, false on padding.
        referent: (N, 1, h, w) in [0, 1], where the thing is that the sentence is about (0 without text); None without a
            `Referent` head.
        presence: (N,) in [0, 1], the probability that the picture shows it; None without a `Presence`.
    """

    guidance: Tensor
    word_maps: Tensor
    word_weights: Tensor
    words: Tensor
    mask: Tensor
    referent: Tensor | None = None
    presence: Tensor | None = None

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The fields that are there, by name."""
        return {name: value for name, value in vars(self).items() if value is not None}

    @property
    def outputs(self) -> dict[str, Tensor | None]:
        """The fields of a `SaliencyOutput` that come from the grounding."""
        names = ("word_maps", "word_weights", "referent", "presence")
        return {name: getattr(self, name) for name in names}

    @property
    def named(self) -> Tensor:
        """(N, 1, h, w) in [0, 1]: where the named things are, the guidance's second plane."""
        return self.guidance[:, 1:2]


class RegionEncoder(nn.Module):
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


class WordEncoder(nn.Module):
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


class ClassMatcher(nn.Module):
    """Matches words to the detector's classes: sigmoid of the cosine between the states of word and class name.

    States of words with similar meanings are close ("cellphone" and "phone", "kitty" and "cat"), so words are matched
    that no training caption contains.
    """

    def __init__(self, text_dim: int):
        super().__init__()
        self.register_buffer("names", torch.zeros(len(NAMES), text_dim))
        self.sharpness = nn.Parameter(torch.tensor(14.0))
        self.threshold = nn.Parameter(torch.tensor(0.5))

    @torch.no_grad()
    def start_from(self, encoder: TextEncoder) -> None:
        """Set the class states to those of `encoder`, each encoded as "a NAME"."""
        encoded = encoder.encode([f"a {name}" for name in NAMES])
        for row, (words, states) in enumerate(zip(encoded.words, encoded.features.tokens, strict=True)):
            own = [token for word in words[1:] for token in word.tokens]
            self.names[row] = states[own].mean(dim=0)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, L, 80) in [0, 1] from token states (N, L, D)."""
        cosine = F.normalize(tokens.float(), dim=-1) @ F.normalize(self.names.float(), dim=-1).T
        return torch.sigmoid(self.sharpness * (cosine - self.threshold))


class Pointing(nn.Module):
    """Regions and words in one space: a word's map is its cosine similarity with each region, scaled and shifted.

    Args:
        channels: channels of the trunk's strides, 8 and 16 among them.
        text_dim: channels of the text encoder's token states.
        dim: channels of the shared space.
        objects: add the planes of an object detector.
    """

    def __init__(self, channels: dict[int, int], text_dim: int, dim: int = 192, objects: bool = False):
        super().__init__()
        self.regions = RegionEncoder(channels, dim)
        self.class_matcher = ClassMatcher(text_dim) if objects else None
        if objects:
            self.class_projection = nn.Conv2d(len(NAMES), dim, 1, bias=False)
            nn.init.zeros_(self.class_projection.weight)
            self.class_weight = nn.Parameter(torch.tensor(4.0))  # logits per unit of a matching class's detector score
        self.words = WordEncoder(text_dim, dim)
        self.region_space = nn.Conv2d(dim, dim, 1)
        self.word_space = nn.Linear(dim, dim)
        self.scale = nn.Parameter(torch.tensor(10.0).log())
        self.shift = nn.Parameter(torch.tensor(-3.0))
        self.importance = nn.Linear(dim, 2)  # of a word: weight in the sum, gate of the maximum

    def region_features(self, levels: dict[int, Tensor], planes: Tensor | None) -> Tensor:
        """Regions (N, dim, h, w) on the grid of stride 8.

        Args:
            levels: trunk features of strides 8 and 16.
            planes: the detector's (N, 80, h, w).
        """
        regions = self.regions(levels)
        return regions if self.class_matcher is None else regions + self.class_projection(planes)

    def keys(self, regions: Tensor, planes: Tensor | None) -> ImageFeatures:
        """The picture's side of the similarity: unit ``keys`` (N, dim, h, w).

        With a detector also its ``planes`` (N, 80, h, w).
        """
        keys = {"keys": F.normalize(self.region_space(regions).float(), dim=1)}
        return keys if planes is None else keys | {"planes": planes}

    def logits(self, features: ImageFeatures, words: Tensor, tokens: Tensor) -> Tensor:
        """Logits (N, L, h, w) that words point at each region.

        Args:
            features: of N pictures, see `keys`.
            words: (N, L, dim) word tokens, see `words`.
            tokens: (N, L, text_dim) states of the text encoder they were made of.
        """
        queries = F.normalize(self.word_space(words).float(), dim=2)
        logits = torch.einsum("nchw,nlc->nlhw", features["keys"], queries) * self.scale.exp() + self.shift
        if self.class_matcher is None:
            return logits
        classes = torch.einsum("nchw,nlc->nlhw", features["planes"].float(), self.class_matcher(tokens))
        return logits + self.class_weight * classes

    def forward(self, features: ImageFeatures, text: TextFeatures | None) -> GroundingOutput:
        """Maps of the words of `text` in pictures with `features` (see `keys`); one sentence per picture."""
        keys = features["keys"]
        pictures, _, height, width = keys.shape
        words, mask = self.words(text, pictures)
        content = words[:, 1:]
        maps = keys.new_zeros(pictures, 0, height, width)
        if text is not None:
            maps = torch.sigmoid(self.logits(features, content, text.tokens))
        read = mask[:, 1:] if text is None else text.words & text.present[:, None]
        weight, gate = self.importance(content).float().unbind(-1)
        weight = torch.where(read, weight, float("-inf"))
        weight = torch.where(read, torch.softmax(weight, dim=1), 0.0)  # not NaN where no word is read
        gated = maps * (torch.sigmoid(gate) * read)[:, :, None, None]
        strongest = gated.amax(dim=1) if gated.shape[1] else keys.new_zeros(pictures, height, width)
        present = read.any(dim=1).to(maps.dtype)[:, None, None].expand(-1, height, width)
        guidance = torch.stack([torch.einsum("nl,nlhw->nhw", weight, maps), strongest.to(maps.dtype), present], dim=1)
        return GroundingOutput(guidance, maps * read[:, :, None, None], weight, words, mask)
