"""Word-region grounding: sentence tokens and picture regions meet in one space, and each word gets a map.

The maps guide the saliency decoders of the compact models, so a word's map is on the path to the answer. Trained first
on phrases with boxes (`trainers/grounding.py`), then with everything else. What a small object detector finds joins in
where it is asked for: its planes are part of the regions, and a word that names one of its classes points at them.

A word points wherever its thing could be. Which of several things the sentence is about is decided by regions that read
all of it and compare themselves (`Subject`), where that is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import EncoderLayer, GuidedLayer
from .base import ImageFeatures, TextFeatures, activate
from .blocks import ChannelLayerNorm, resize
from .objects import NAMES, ObjectPlanes
from .text import TextEncoder

# Planes of `GroundingOutput.guidance`: the words' maps weighted; their gated maximum or, with a `Subject`, what it says
# instead; and whether there is a sentence.
GUIDANCE_PLANES = 3


@dataclass(frozen=True)
class GroundingOutput:
    """What the words say of the regions; h x w is the grid of regions.

    Attributes:
        guidance: (N, 3, h, w), see `GUIDANCE_PLANES`; the last plane is 1 with text.
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
        """(N, 1, h, w) in [0, 1]: where what the sentence names is, the guidance's second plane."""
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


class Naming(nn.Module):
    """Which of the detector's classes a word names: the cosine of its state and the class name's, through a sigmoid.

    The text encoder's states lie close where meanings do ("cellphone" to "phone", "kitty" to "cat"), so words are
    understood that no training caption has.
    """

    def __init__(self, text_dim: int):
        super().__init__()
        self.register_buffer("names", torch.zeros(len(NAMES), text_dim))
        self.sharpness = nn.Parameter(torch.tensor(14.0))
        self.threshold = nn.Parameter(torch.tensor(0.5))

    @torch.no_grad()
    def start_from(self, encoder: TextEncoder) -> None:
        """Take over the states that `encoder` has for the class names, each in "a NAME"."""
        encoded = encoder.encode([f"a {name}" for name in NAMES])
        for row, (words, states) in enumerate(zip(encoded.words, encoded.features.tokens, strict=True)):
            own = [token for word in words[1:] for token in word.tokens]
            self.names[row] = states[own].mean(dim=0)

    def forward(self, tokens: Tensor) -> Tensor:
        """(N, L, 80) in [0, 1] from token states (N, L, D)."""
        cosine = F.normalize(tokens.float(), dim=-1) @ F.normalize(self.names.float(), dim=-1).T
        return torch.sigmoid(self.sharpness * (cosine - self.threshold))


class Subject(nn.Module):
    """Where the thing is that a sentence is about, as logits: regions with their places read the sentence and compare
    themselves with each other.

    That is what tells "the man on the right" from the other man, and a stone on the ground from the ground.

    Args:
        channels: of regions and words.
        grid: (h, w) for which places are learned; others are interpolated.
        dim: channels of the regions while they read, at half of the regions' resolution.
    """

    def __init__(self, channels: int, grid: tuple[int, int] = (15, 20), dim: int = 128, layers: int = 2):
        super().__init__()
        self.fold = nn.Conv2d(channels, dim, 2, stride=2)
        self.guide = nn.Conv2d(GUIDANCE_PLANES, dim, 3, padding=1)
        self.place = nn.Parameter(torch.randn(1, dim, *grid) * 0.02)
        self.norm = nn.LayerNorm(dim)
        self.layers = nn.ModuleList(GuidedLayer(dim, 4, 2, 0.1, channels) for _ in range(layers))
        for layer in self.layers:
            nn.init.constant_(layer.gate, 0.5)  # its words are to be read from the first step on
        self.answer_norm = ChannelLayerNorm(dim)
        self.answer = nn.Sequential(
            nn.Conv2d(dim + channels + GUIDANCE_PLANES, dim // 2, 1),
            nn.GELU(),
            nn.Conv2d(dim // 2, dim // 2, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(dim // 2, 1, 1),
        )

    def forward(self, regions: Tensor, guidance: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, 1, h, w).

        Args:
            regions: (N, C, h, w), guidance: (N, 3, h, w).
            words: (N, 1 + L, C) and mask: (N, 1 + L), as `Words` gives them.
        """
        folded = self.fold(regions)
        size = folded.shape[-2:]
        x = folded + self.guide(resize(guidance, size)) + resize(self.place, size)
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        for layer in self.layers:
            tokens = layer(tokens, words, mask)
        read = self.answer_norm(tokens.transpose(1, 2).unflatten(2, size))
        return self.answer(torch.cat([resize(read, regions.shape[-2:]), regions, guidance], dim=1))


class Grounding(nn.Module):
    """Regions and words in one space: cosine similarity, scaled and shifted, is where a word points.

    Args:
        channels: channels of the trunk's strides, 8 and 16 among them.
        text_dim: channels of the text encoder's token states.
        dim: channels of the shared space.
        objects: whether an object detector looks at the picture, too (`objects.ObjectPlanes`).
        subject: whether a `Subject` decides what the sentence is about.
    """

    def __init__(
        self, channels: dict[int, int], text_dim: int, dim: int = 192, objects: bool = False, subject: bool = False
    ):
        super().__init__()
        self.regions = Regions(channels, dim)
        self.objects = ObjectPlanes() if objects else None
        if objects:
            self.seen = nn.Conv2d(len(NAMES), dim, 1, bias=False)
            nn.init.zeros_(self.seen.weight)
            self.naming = Naming(text_dim)
            self.trust = nn.Parameter(torch.tensor(4.0))  # logits a sure object is worth to the word that names it
        self.words = Words(text_dim, dim)
        self.region_space = nn.Conv2d(dim, dim, 1)
        self.word_space = nn.Linear(dim, dim)
        self.scale = nn.Parameter(torch.tensor(10.0).log())
        self.shift = nn.Parameter(torch.tensor(-3.0))
        self.importance = nn.Linear(dim, 2)  # of a word: weight in the sum, gate of the maximum
        self.subject = Subject(dim) if subject else None

    def image(self, levels: dict[int, Tensor], pixels: Tensor) -> ImageFeatures:
        """What depends on the picture alone, on the stride-8 grid: ``regions`` (N, dim, h, w), with a detector also its
        planes ``objects`` (N, 80, h, w).

        Args:
            levels: trunk features of `pixels` (N, 3, H, W).
        """
        regions = self.regions(levels)
        if self.objects is None:
            return {"regions": regions}
        objects = self.objects(pixels, regions.shape[-2:])
        return {"regions": regions + self.seen(objects), "objects": objects}

    def logits(self, features: ImageFeatures, words: Tensor, tokens: Tensor) -> Tensor:
        """Logits (N, L, h, w) that words point at each region.

        Args:
            features: of N pictures, as `image` gives them.
            words: (N, L, dim) word tokens, as `words` gives them.
            tokens: (N, L, text_dim) states of the text encoder they were made of.
        """
        a = F.normalize(self.region_space(features["regions"]).float(), dim=1)
        b = F.normalize(self.word_space(words).float(), dim=2)
        logits = torch.einsum("nchw,nlc->nlhw", a, b) * self.scale.exp() + self.shift
        if self.objects is None:
            return logits
        return logits + self.trust * torch.einsum("nchw,nlc->nlhw", features["objects"].float(), self.naming(tokens))

    def forward(self, features: ImageFeatures, text: TextFeatures | None) -> GroundingOutput:
        """Where the words of `text` point in pictures with `features` (see `image`); one sentence a picture."""
        regions = features["regions"]
        pictures, _, height, width = regions.shape
        words, mask = self.words(text, pictures)
        content = words[:, 1:]
        maps = regions.new_zeros(pictures, 0, height, width)
        if text is not None:
            maps = torch.sigmoid(self.logits(features, content, text.tokens))
        read = mask[:, 1:] if text is None else text.words & text.present[:, None]
        weight, gate = self.importance(content).float().unbind(-1)
        weight = torch.where(read, weight, float("-inf"))
        weight = torch.nan_to_num(torch.softmax(weight, dim=1)) if weight.shape[1] else weight
        gated = maps * (torch.sigmoid(gate) * read)[:, :, None, None]
        strongest = gated.amax(dim=1) if gated.shape[1] else regions.new_zeros(pictures, height, width)
        present = read.any(dim=1).to(maps.dtype)[:, None, None].expand(-1, height, width)
        guidance = torch.stack([torch.einsum("nl,nlhw->nhw", weight, maps), strongest.to(maps.dtype), present], dim=1)
        if self.subject is not None:
            about = activate(self.subject(regions, guidance, words, mask), "softmax").to(maps.dtype)
            guidance = torch.cat([guidance[:, :1], about * guidance[:, 2:], guidance[:, 2:]], dim=1)
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
