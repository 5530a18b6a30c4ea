"""Word-region grounding: sentence tokens and picture regions are embedded in one space, and each word gets a map.

The maps are an input of the compact models' decoders. They are trained first on phrases with boxes
(`training.methods.grounding`), then with the whole model. With an object detector its planes are added to the regions,
and a word that names one of its classes points at them.

`Pointing` maps each word to all candidate regions; the optional `Referent` head picks among them: region tokens
cross-attend to the sentence and self-attend to each other.

Attribute names are state-dict keys of shipped checkpoints and stay as they are (`subject`, `naming`, `seen`, `said`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import EncoderLayer, GuidedLayer
from .backbones import build_trunk
from .base import activate
from .blocks import ChannelLayerNorm, LateAddition, resize
from .features import ImageFeatures, TextFeatures, select
from .front_end import HIRES_PREFIX, FrontEnd
from .objects import FEATURES, NAMES, ObjectPlanes
from .text import TextEncoder

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
    """

    guidance: Tensor
    word_maps: Tensor
    word_weights: Tensor
    words: Tensor
    mask: Tensor
    referent: Tensor | None = None

    @property
    def outputs(self) -> dict[str, Tensor | None]:
        """The fields of a `SaliencyOutput` that come from the grounding."""
        return {"word_maps": self.word_maps, "word_weights": self.word_weights, "referent": self.referent}

    @property
    def named(self) -> Tensor:
        """(N, 1, h, w) in [0, 1]: where the named things are, the guidance's second plane."""
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
        self.regions = Regions(channels, dim)
        self.naming = ClassMatcher(text_dim) if objects else None
        if objects:
            self.seen = nn.Conv2d(len(NAMES), dim, 1, bias=False)
            nn.init.zeros_(self.seen.weight)
            self.trust = nn.Parameter(torch.tensor(4.0))  # logits added per unit of detector score of a matching class
        self.words = Words(text_dim, dim)
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
        return regions if self.naming is None else regions + self.seen(planes)

    def keys(self, regions: Tensor, planes: Tensor | None) -> ImageFeatures:
        """The picture's side of the similarity: unit ``keys`` (N, dim, h, w) and, with a detector, ``planes``
        (N, 80, h, w)."""
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
        if self.naming is None:
            return logits
        return logits + self.trust * torch.einsum("nchw,nlc->nlhw", features["planes"].float(), self.naming(tokens))

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
        weight = torch.nan_to_num(torch.softmax(weight, dim=1)) if weight.shape[1] else weight
        gated = maps * (torch.sigmoid(gate) * read)[:, :, None, None]
        strongest = gated.amax(dim=1) if gated.shape[1] else keys.new_zeros(pictures, height, width)
        present = read.any(dim=1).to(maps.dtype)[:, None, None].expand(-1, height, width)
        guidance = torch.stack([torch.einsum("nl,nlhw->nhw", weight, maps), strongest.to(maps.dtype), present], dim=1)
        return GroundingOutput(guidance, maps * read[:, :, None, None], weight, words, mask)


class Referent(nn.Module):
    """Referring-expression head: a map of the thing that a sentence is about.

    Regions of a high-resolution input, with position embeddings, cross-attend to the sentence and self-attend to each
    other, which separates "the man on the right" from the other man. It has regions and words of its own.

    Args:
        channels, text_dim, dim, objects: see `Pointing`.
        places: (h, w) of the attention's grid; the output's grid is twice as fine.
        width: channels of the attention's tokens.
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
    ):
        super().__init__()
        self.pointing = Pointing(channels, text_dim, dim, objects)
        self.known = nn.Sequential(ChannelLayerNorm(FEATURES), LateAddition(FEATURES, dim)) if objects else None
        self.fold = nn.Conv2d(dim, width, 2, stride=2)
        self.guide = nn.Conv2d(GUIDANCE_PLANES, width, 3, padding=1)
        self.place = nn.Parameter(torch.randn(1, width, *places) * 0.02)
        self.norm = nn.LayerNorm(width)
        self.layers = nn.ModuleList(GuidedLayer(width, 4, 2, word_channels=dim) for _ in range(layers))
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

    @property
    def grid(self) -> tuple[int, int]:
        """(h, w) of the regions and of the map."""
        return 2 * self.place.shape[2], 2 * self.place.shape[3]

    def encode(self, hires: ImageFeatures) -> ImageFeatures:
        """Features that depend on the picture alone, from `FrontEnd.hires_features`: ``keys`` and ``planes`` of
        `Pointing.keys`, ``folded`` (N, width, h / 2, w / 2) for the attention and ``own`` (N, width / 2, h, w) for the
        output layer."""
        planes = hires.get("planes")
        regions = self.pointing.region_features({8: hires["fine"], 16: hires["coarse"]}, planes)
        if self.known is not None:
            regions = regions + self.known(hires["features"])
        return self.pointing.keys(regions, planes) | {"folded": self.fold(regions), "own": self.own(regions)}

    def forward(self, features: ImageFeatures, text: TextFeatures) -> Tensor:
        """(N, 1, h, w) in [0, 1], 1 at its maximum; one sentence per picture.

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
        return activate(logits, "softmax")


class Grounding(Pointing):
    """The grounding of the compact models: maps of words and, optionally, of the sentence's referent.

    Args:
        channels, text_dim, dim: see `Pointing`.
        objects: add an object detector (`objects.ObjectPlanes`).
        subject: add a `Referent` head; pictures are then `front_end.HIRES_SCALE` times as large.
    """

    def __init__(
        self, channels: dict[int, int], text_dim: int, dim: int = 192, objects: bool = False, subject: bool = False
    ):
        super().__init__(channels, text_dim, dim, objects)
        self.objects = ObjectPlanes() if objects else None
        self.subject = Referent(channels, text_dim, dim, objects) if subject else None

    def front_end_on(self, trunk: nn.Module) -> FrontEnd:
        """The front end of `trunk`, the detector and, with a referent head, the high-resolution branch."""
        if self.subject is None:
            return FrontEnd(trunk, self.objects)
        return FrontEnd(trunk, self.objects, downscale=True, hires_grid=self.subject.grid)

    def encode_regions(self, front_features: ImageFeatures) -> tuple[Tensor, ImageFeatures]:
        """Regions (N, dim, h, w) from the features of a `FrontEnd`, and their `keys`."""
        planes = front_features.get("planes")
        regions = self.region_features({8: front_features["stride8"], 16: front_features["stride16"]}, planes)
        return regions, self.keys(regions, planes)

    def encode_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The picture's features for `forward`, from those of a `FrontEnd`."""
        _, features = self.encode_regions(front_features)
        if self.subject is not None:
            hires = self.subject.encode(_hires(front_features))
            # The detector's planes are among the features already.
            features |= {HIRES_PREFIX + name: value for name, value in hires.items() if name != "planes"}
        return features

    def forward(self, features: ImageFeatures, text: TextFeatures | None) -> GroundingOutput:
        """Maps of the words of `text` in pictures with `features` (see `encode_features`); one sentence per picture."""
        output = super().forward(features, text)
        if self.subject is None:
            return output
        if text is None:
            return replace(output, referent=output.named)
        hires = _hires(features)
        if self.objects is not None:
            hires["planes"] = resize(features["planes"], self.subject.grid)
        weighted, strongest, present = output.guidance.unbind(1)
        about = resize(self.subject(hires, text), strongest.shape[-2:])[:, 0].to(strongest.dtype) * present
        return replace(output, guidance=torch.stack([weighted, about, present], dim=1), referent=about[:, None])


def _hires(features: ImageFeatures) -> ImageFeatures:
    """Features of the high-resolution branch, without their prefix."""
    return {name.removeprefix(HIRES_PREFIX): value for name, value in features.items() if name.startswith(HIRES_PREFIX)}


class ImageTextEncoder(nn.Module):
    """A small image-text encoder: picture tokens that cross-attend to the words, with the words' maps added.

    The compact counterpart of BLIP's image-text feature.
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


class GroundingModel(nn.Module):
    """A trunk (strides 8, 16 and 32) with a `Grounding`: the pre-training model of the compact models."""

    def __init__(self, trunk: nn.Module, grounding: Grounding):
        super().__init__()
        self.trunk = trunk
        self.grounding = grounding

    @property
    def front_end(self) -> FrontEnd:
        """The grounding's front end without the high-resolution branch."""
        return replace(self.grounding.front_end_on(self.trunk), hires_grid=None)

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


def grounding_model(
    trunk: str = "resnet50_v2", text_dim: int = 384, dim: int = 192, objects: bool = False, subject: bool = False
) -> GroundingModel:
    """A fresh `GroundingModel` on the trunk of this name; see `Grounding` for the rest."""
    network = build_trunk(trunk, levels=(8, 16, 32))
    return GroundingModel(network, Grounding(network.channels, text_dim, dim, objects, subject))
