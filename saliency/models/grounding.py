"""Word-region grounding: sentence tokens and picture regions meet in one space, and each word gets a map.

The maps guide the saliency decoders of the compact models, so a word's map is on the path to the answer. Trained first
on phrases with boxes (`trainers/grounding.py`), then with everything else. What a small object detector finds joins in
where it is asked for: its planes are part of the regions, and a word that names one of its classes points at them.

A word points wherever its thing could be (`Pointing`). Which of several things the sentence is about is decided by
regions that read all of it and compare themselves (`Subject`), where that is asked for.
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
from .objects import FEATURES, NAMES, ObjectPlanes
from .scanning import CLOSER_PREFIX, Scanner
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
        subject: (N, 1, h, w) in [0, 1], where what the sentence is about is (0 without text); None without a `Subject`.
    """

    guidance: Tensor
    word_maps: Tensor
    word_weights: Tensor
    words: Tensor
    mask: Tensor
    subject: Tensor | None = None

    @property
    def said(self) -> dict[str, Tensor | None]:
        """What a `SaliencyOutput` says of it."""
        return {"word_maps": self.word_maps, "word_weights": self.word_weights, "subject": self.subject}

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


class Pointing(nn.Module):
    """Regions and words in one space: cosine similarity, scaled and shifted, is where a word points.

    Args:
        channels: channels of the trunk's strides, 8 and 16 among them.
        text_dim: channels of the text encoder's token states.
        dim: channels of the shared space.
        objects: whether the planes of an object detector join in.
    """

    def __init__(self, channels: dict[int, int], text_dim: int, dim: int = 192, objects: bool = False):
        super().__init__()
        self.regions = Regions(channels, dim)
        self.naming = Naming(text_dim) if objects else None
        if objects:
            self.seen = nn.Conv2d(len(NAMES), dim, 1, bias=False)
            nn.init.zeros_(self.seen.weight)
            self.trust = nn.Parameter(torch.tensor(4.0))  # logits a sure object is worth to the word that names it
        self.words = Words(text_dim, dim)
        self.region_space = nn.Conv2d(dim, dim, 1)
        self.word_space = nn.Linear(dim, dim)
        self.scale = nn.Parameter(torch.tensor(10.0).log())
        self.shift = nn.Parameter(torch.tensor(-3.0))
        self.importance = nn.Linear(dim, 2)  # of a word: weight in the sum, gate of the maximum

    def see(self, levels: dict[int, Tensor], planes: Tensor | None) -> Tensor:
        """Regions (N, dim, h, w) on the grid of stride 8.

        Args:
            levels: trunk features of strides 8 and 16.
            planes: the detector's (N, 80, h, w).
        """
        regions = self.regions(levels)
        return regions if self.naming is None else regions + self.seen(planes)

    def keyed(self, regions: Tensor, planes: Tensor | None) -> ImageFeatures:
        """What words need of a picture: ``keys`` (N, dim, h, w) of length 1, with which they compare, and, if asked
        for, ``planes`` (N, 80, h, w)."""
        keys = {"keys": F.normalize(self.region_space(regions).float(), dim=1)}
        return keys if planes is None else keys | {"planes": planes}

    def logits(self, features: ImageFeatures, words: Tensor, tokens: Tensor) -> Tensor:
        """Logits (N, L, h, w) that words point at each region.

        Args:
            features: of N pictures, as `keyed` gives them.
            words: (N, L, dim) word tokens, as `words` gives them.
            tokens: (N, L, text_dim) states of the text encoder they were made of.
        """
        queries = F.normalize(self.word_space(words).float(), dim=2)
        logits = torch.einsum("nchw,nlc->nlhw", features["keys"], queries) * self.scale.exp() + self.shift
        if self.naming is None:
            return logits
        return logits + self.trust * torch.einsum("nchw,nlc->nlhw", features["planes"].float(), self.naming(tokens))

    def forward(self, features: ImageFeatures, text: TextFeatures | None) -> GroundingOutput:
        """Where the words of `text` point in pictures with `features` (see `keyed`); one sentence a picture."""
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


class Subject(nn.Module):
    """Where the thing is that a sentence is about: the regions of a larger picture, with their places, read the
    sentence and compare themselves with each other.

    That is what tells "the man on the right" from the other man, and a stone on the ground from the ground. It points
    with regions and words of its own, which learn what tells things apart.

    Args:
        channels, text_dim, dim, objects: see `Pointing`.
        places: (h, w) of the grid on which regions compare themselves; they are twice as fine when they point.
        width: channels of the regions while they read.
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
            nn.init.constant_(layer.gate, 0.5)  # its words are to be read from the first step on
        self.answer_norm = ChannelLayerNorm(width)
        # One layer of the answer, in three: what a picture says alone is said once for all its sentences.
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

    def see(self, given: ImageFeatures) -> ImageFeatures:
        """What depends on the picture alone, from what a `Scanner` has `given`: ``keys`` and ``planes`` of
        `Pointing.keyed`, ``folded`` (N, width, h / 2, w / 2) for reading and ``own`` (N, width / 2, h, w) for the
        answer."""
        planes = given.get("planes")
        regions = self.pointing.see({8: given["fine"], 16: given["coarse"]}, planes)
        if self.known is not None:
            regions = regions + self.known(given["features"])
        return self.pointing.keyed(regions, planes) | {"folded": self.fold(regions), "own": self.own(regions)}

    def forward(self, features: ImageFeatures, text: TextFeatures) -> Tensor:
        """(N, 1, h, w) in [0, 1], 1 at its maximum; one sentence a picture.

        Args:
            features: as `see` gives them.
        """
        said = self.pointing(features, text)
        x = features["folded"] + self.guide(resize(said.guidance, self.place.shape[-2:])) + self.place
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        for layer in self.layers:
            tokens = layer(tokens, said.words, said.mask)
        read = self.read(self.answer_norm(tokens.transpose(1, 2).unflatten(2, x.shape[-2:])))
        logits = self.answer(features["own"] + resize(read, self.grid) + self.said(said.guidance))
        return activate(logits, "softmax")


class Grounding(Pointing):
    """What the compact models read with: words that point and, where asked for, what their sentence is about.

    Args:
        channels, text_dim, dim: see `Pointing`.
        objects: whether an object detector looks at the picture, too (`objects.ObjectPlanes`).
        subject: whether a `Subject` decides what the sentence is about; pictures are then `scanning.CLOSER` times as
            large.
    """

    def __init__(
        self, channels: dict[int, int], text_dim: int, dim: int = 192, objects: bool = False, subject: bool = False
    ):
        super().__init__(channels, text_dim, dim, objects)
        self.objects = ObjectPlanes() if objects else None
        self.subject = Subject(channels, text_dim, dim, objects) if subject else None

    def scanner_on(self, trunk: nn.Module) -> Scanner:
        """What it reads pictures by: `trunk`, its detector and, with a subject, both once more for that."""
        if self.subject is None:
            return Scanner(trunk, self.objects)
        return Scanner(trunk, self.objects, larger=True, closer=self.subject.grid)

    def regard(self, scanned: ImageFeatures) -> tuple[Tensor, ImageFeatures]:
        """Regions (N, dim, h, w) of what a `Scanner` says, and of them what words need, as `keyed` gives it."""
        planes = scanned.get("planes")
        regions = self.see({8: scanned["stride8"], 16: scanned["stride16"]}, planes)
        return regions, self.keyed(regions, planes)

    def refine(self, scanned: ImageFeatures) -> ImageFeatures:
        """All that `forward` needs of what a `Scanner` says."""
        _, features = self.regard(scanned)
        if self.subject is not None:
            closer = self.subject.see(_closer(scanned))
            # The detector's planes lie among the features already.
            features |= {CLOSER_PREFIX + name: value for name, value in closer.items() if name != "planes"}
        return features

    def forward(self, features: ImageFeatures, text: TextFeatures | None) -> GroundingOutput:
        """Where the words of `text` point in pictures with `features` (see `refine`); one sentence a picture."""
        output = super().forward(features, text)
        if self.subject is None:
            return output
        if text is None:
            return replace(output, subject=output.named)
        closer = _closer(features)
        if self.objects is not None:
            closer["planes"] = resize(features["planes"], self.subject.grid)
        weighted, strongest, present = output.guidance.unbind(1)
        about = resize(self.subject(closer, text), strongest.shape[-2:])[:, 0].to(strongest.dtype) * present
        return replace(output, guidance=torch.stack([weighted, about, present], dim=1), subject=about[:, None])


def _closer(features: ImageFeatures) -> ImageFeatures:
    """What is the subject's among them."""
    return {
        name.removeprefix(CLOSER_PREFIX): value for name, value in features.items() if name.startswith(CLOSER_PREFIX)
    }


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


class GroundingModel(nn.Module):
    """A trunk, which gives strides 8, 16 and, for other models, 32, and a `Grounding` on it; what the compact models
    start from."""

    def __init__(self, trunk: nn.Module, grounding: Grounding):
        super().__init__()
        self.trunk = trunk
        self.grounding = grounding

    @property
    def scanner(self) -> Scanner:
        """That of the grounding, but for what a subject would be given."""
        return replace(self.grounding.scanner_on(self.trunk), closer=None)

    def forward(
        self, pictures: Tensor | ImageFeatures, index: Tensor, text: TextFeatures
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Token logits (T, L, h, w) on the regions, regions (N, C, h, w) and words (T, L, C) in the shared space.

        Args:
            pictures: (N, 3, H, W), or what the `scanner` says of them.
        """
        scanned = self.scanner(pictures) if isinstance(pictures, Tensor) else pictures
        regions, features = self.grounding.regard(scanned)
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
