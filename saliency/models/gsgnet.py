"""GSGNet: a global semantic tensor guides the fusion of every level (Xie et al., Knowledge-Based Systems 284, 2024).

Extended by text. A sentence vector is concatenated with the deepest features, from which the semantic tensor is made,
so that one injection steers all levels. The compact preset adds the words' maps of `grounding` to the features, so that
where each word points is on the path to the answer.

The strides 4, 8, 16 and 32 are called f2, f3, f4 and f5 as in the paper.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..preprocessing import Preprocessing
from .backbones import build_trunk
from .base import SaliencyModel, activate
from .blocks import ChannelLayerNorm, ConvBNReLU, FeedForward, LateAddition, SentenceEmbedding, resize
from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .front_end import FrontEnd
from .grounding import GUIDANCE_PLANES, Grounding
from .spec import ModelSpec, Preset

FUSIONS = ("none", "deep_concat", "all_concat")
STRIDES = {"f2": 4, "f3": 8, "f4": 16, "f5": 32}
# Levels the words' maps are added to; they lie on the grid of f3, and f2 is fused at a quarter of its size anyway.
GUIDED = ("f3", "f4", "f5")


@dataclass(frozen=True)
class GSGNetConfig:
    """Configuration of `GSGNet`.

    Attributes:
        trunk: name in `backbones.TRUNKS`.
        channels: of every level after projection (the paper's C), a multiple of twice the heads.
        heads: of the attention.
        decoder_channels: of the smoothed levels; the readout narrows to half of it.
        upsamplings: 0, 1 or 2 doublings in the readout, which starts at stride 4; 2 ends at the input's size.
        activation: ``sigmoid`` (paper) or ``softmax``.
        text_dim: channels of the sentence vector and of the text encoder's token states.
        fusion: where the sentence vector is concatenated: ``none``, ``deep_concat`` (f5), ``all_concat`` (every level).
        guidance: add the words' maps to f3, f4 and f5.
        grounding_dim: channels of the space of words and regions.
        objects: add an object detector to the grounding.
        subject: the grounding has a `Referent` head on a larger picture (`front_end.HIRES_SCALE`).
    """

    trunk: str = "densenet161"
    channels: int = 192
    heads: int = 4
    decoder_channels: int = 128
    upsamplings: int = 2
    activation: str = "sigmoid"
    text_dim: int = 768
    fusion: str = "deep_concat"
    guidance: bool = False
    grounding_dim: int = 192
    objects: bool = False
    subject: bool = False


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


def positional(channels: int) -> Residual:
    """x + DW7x7(x): a depthwise convolution as positional encoding."""
    return Residual(nn.Conv2d(channels, channels, 7, padding=3, groups=channels))


def feed_forward(channels: int) -> Residual:
    """x + FFN(LN(x))."""
    return Residual(nn.Sequential(ChannelLayerNorm(channels), FeedForward(channels)))


class HeadConv3d(nn.Conv3d):
    """3x7x7 convolution of (N, width, heads, H, W): squeezes each head's channels and lets neighbouring heads talk."""

    def __init__(self, width: int, squeezed: int):
        super().__init__(width, squeezed, (3, 7, 7), padding=(1, 3, 3), bias=False)
        nn.init.trunc_normal_(self.weight, std=0.02)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> HeadConv3d:
        """Shows `fn` the weight with four dimensions: ``model.to(memory_format=channels_last)`` refuses five."""
        return super()._apply(lambda t: fn(t.flatten(1, 2)).unflatten(1, t.shape[1:3]), recurse)


class CSSA(nn.Module):
    """Channel-squeeze spatial attention: queries and keys of few channels, values of all.

    Args:
        query_channels: of the query's source; also of the output.
        context_channels: of the source of keys and values.
        heads: of the attention.
        squeeze: fraction of a head's channels that queries and keys keep.
    """

    def __init__(self, query_channels: int, context_channels: int, heads: int = 4, squeeze: float = 0.25):
        super().__init__()
        width = query_channels // heads
        squeezed = min(math.floor(squeeze * width + 1), width)
        self.heads = heads
        self.scale = width**-0.5
        self.query = nn.Conv2d(query_channels, query_channels, 1, bias=False)
        self.key = nn.Conv2d(context_channels, query_channels, 1, bias=False)
        self.value = nn.Conv2d(context_channels, query_channels, 1, bias=False)
        self.squeeze_query = HeadConv3d(width, squeezed)
        self.squeeze_key = HeadConv3d(width, squeezed)
        self.softmax = nn.Softmax(dim=-1)  # a module, so that a hook can see the attention (N, heads, queries, keys)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(N, query_channels, H, W) from `x` of that shape and `context` (N, context_channels, H', W')."""
        query = self.squeeze_query(self._heads(self.query(x)).transpose(1, 2)).transpose(1, 2).flatten(3)
        key = self.squeeze_key(self._heads(self.key(context)).transpose(1, 2)).transpose(1, 2).flatten(3)
        value = self._heads(self.value(context)).flatten(3)
        attention = self.softmax(query.transpose(2, 3) @ key * self.scale)
        return (value @ attention.transpose(2, 3)).flatten(1, 2).unflatten(2, x.shape[-2:])

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (self.heads, -1))


class SAIB(nn.Module):
    """Spatial attention inception block: f5 to the semantic tensor f_s, attending to two 3x3 summaries of itself."""

    SUMMARY = (3, 3)

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.positions = positional(channels)
        self.norms = nn.ModuleList(ChannelLayerNorm(channels) for _ in range(2))
        self.attentions = nn.ModuleList(CSSA(channels, channels, heads) for _ in range(2))
        self.merge = nn.Sequential(ChannelLayerNorm(2 * channels), nn.Conv2d(2 * channels, channels, 1))
        self.feed_forward = feed_forward(channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.positions(x)
        branches = []
        for norm, attention, summarise in zip(
            self.norms, self.attentions, (resize, F.adaptive_avg_pool2d), strict=True
        ):
            normed = norm(x)
            branches.append(x + attention(normed, summarise(normed, self.SUMMARY)))
        return self.feed_forward(self.merge(torch.cat(branches, dim=1)))


class LGFB(nn.Module):
    """Local-global fusion block: a level (N, C, H, W) fused with the semantic tensor f_s (N, C, h, w).

    The second half of the channels attends to f_s (global); the first half is filtered by kernels and masked by a map
    that both are made of f_s (local).

    Args:
        channels: C.
        heads: of the attention.
        reduction: the level is fused at 1/reduction of its size and enlarged again.
    """

    KERNEL = 7

    def __init__(self, channels: int, heads: int, reduction: int = 1):
        super().__init__()
        half = channels // 2
        self.reduction = reduction
        self.level_positions = positional(half)
        self.semantic_positions = positional(channels)
        self.level_norm = ChannelLayerNorm(half)
        self.semantic_norm = ChannelLayerNorm(channels)
        self.attention = CSSA(half, channels, heads)
        self.kernel_source = nn.Conv2d(channels, half, 1)
        self.embedding_norm = ChannelLayerNorm(half)
        self.mask = nn.Conv2d(channels, 1, 3, padding=1)
        self.mask_norm = ChannelLayerNorm(half)
        self.local_merge = nn.Conv2d(channels, half, 1)
        self.feed_forward = feed_forward(channels)
        last = 1 if reduction == 1 else 3
        self.last = nn.Conv2d(channels, channels, last, padding=last // 2)

    def forward(self, level: Tensor, semantic: Tensor) -> Tensor:
        size = level.shape[-2:]
        x = resize(level, [-(-side // self.reduction) for side in size])
        local_half, global_half = x.chunk(2, dim=1)
        fused = torch.cat([self._global(global_half, semantic), self._local(local_half, semantic)], dim=1)
        return self.last(resize(self.feed_forward(fused), size))

    def _global(self, x: Tensor, semantic: Tensor) -> Tensor:
        query = self.level_positions(x)
        context = self.semantic_positions(semantic)
        return query + self.attention(self.level_norm(query), self.semantic_norm(context))

    def _local(self, x: Tensor, semantic: Tensor) -> Tensor:
        filtered = filter_each(x, self._kernels(semantic))
        embedded = F.relu(self.embedding_norm(filtered)) + x
        masked = self.mask_norm(x * resize(torch.sigmoid(self.mask(semantic)), x.shape[-2:]))
        return self.local_merge(torch.cat([embedded, masked], dim=1))

    def _kernels(self, semantic: Tensor) -> Tensor:
        """One 7x7 kernel per picture and channel (N, C/2, 7, 7), non-negative and summing to 1."""
        pooled = F.adaptive_max_pool2d(self.kernel_source(semantic), self.KERNEL)
        return torch.softmax(pooled.flatten(2), dim=-1).view_as(pooled)


def filter_each(x: Tensor, kernels: Tensor) -> Tensor:
    """Each channel of each picture (N, C, H, W) convolved with its own kernel (N, C, k, k), size kept."""
    pictures, channels, height, width = x.shape
    kernels = kernels.reshape(pictures * channels, 1, *kernels.shape[-2:])
    padding = kernels.shape[-1] // 2
    flat = x.reshape(1, pictures * channels, height, width)
    return F.conv2d(flat, kernels.to(x.dtype), padding=padding, groups=len(kernels)).view(x.shape)


class Readout(nn.Sequential):
    """The concatenated levels (N, in_channels, h, w) to logits (N, 1, h * 2^upsamplings, w * 2^upsamplings)."""

    def __init__(self, in_channels: int, channels: int, upsamplings: int):
        half = channels // 2
        super().__init__(
            nn.Conv2d(in_channels, channels, 1),
            ConvBNReLU(channels, channels, 7, groups=channels),
            nn.Conv2d(channels, half, 1),
            ConvBNReLU(half, half, 7, groups=half),
            self._double(half) if upsamplings > 0 else nn.Identity(),
            ConvBNReLU(half, half),
            self._double(half) if upsamplings > 1 else nn.Identity(),
            nn.Conv2d(half, 1, 3, padding=1),
        )

    @staticmethod
    def _double(channels: int) -> nn.Module:
        return nn.ConvTranspose2d(channels, channels, 4, stride=2, padding=1, groups=channels)


class SideOutput(nn.Sequential):
    """Logits of a smoothed level, for deep supervision."""

    def __init__(self, channels: int):
        super().__init__(
            ConvBNReLU(channels, channels // 2),
            ConvBNReLU(channels // 2, channels // 4),
            nn.Conv2d(channels // 4, 1, 3, padding=1),
        )


class SentenceConcat(nn.Module):
    """A sentence embedding broadcast, concatenated with a level and merged by a 1x1 convolution.

    The convolution starts as identity on the level and zero on the sentence: the text changes nothing at first.
    """

    def __init__(self, channels: int):
        super().__init__()
        self.merge = nn.Conv2d(2 * channels, channels, 1)
        nn.init.zeros_(self.merge.bias)
        with torch.no_grad():
            self.merge.weight.zero_()[:, :channels, 0, 0].fill_diagonal_(1)

    def forward(self, level: Tensor, embedding: Tensor) -> Tensor:
        """(N, C, h, w) from a level of that shape and embeddings (N, C)."""
        broadcast = embedding[:, :, None, None].expand(-1, -1, *level.shape[-2:])
        return self.merge(torch.cat([level, broadcast.to(level.dtype)], dim=1))


class GSGNet(SaliencyModel):
    """See `GSGNetConfig`. In training mode ``aux`` has side outputs (logits at strides 8 and 4) as ``side8`` and
    ``side4``, and the map of the named things as ``named``."""

    def __init__(self, config: GSGNetConfig):
        super().__init__()
        _check(config)
        self.config = config
        # The paper taps DenseNet behind its last norm and ReLU; the other trunks end in a ReLU of their own.
        options = {"final_norm": True} if config.trunk == "densenet161" else {}
        self.trunk = build_trunk(config.trunk, levels=tuple(STRIDES.values()), **options)
        channels, smooth = config.channels, config.decoder_channels
        self.projections = nn.ModuleDict(
            {level: nn.Conv2d(self.trunk.channels[stride], channels, 1) for level, stride in STRIDES.items()}
        )
        fused = {"none": (), "deep_concat": ("f5",), "all_concat": tuple(STRIDES)}[config.fusion]
        if fused:
            self.sentence = SentenceEmbedding(config.text_dim, channels)
        self.concats = nn.ModuleDict({level: SentenceConcat(channels) for level in fused})
        if config.guidance:
            self.grounding = Grounding(
                self.trunk.channels, config.text_dim, config.grounding_dim, config.objects, config.subject
            )
            self.guides = nn.ModuleDict({level: LateAddition(GUIDANCE_PLANES, channels) for level in GUIDED})
        self.semantic = SAIB(channels, config.heads)
        self.fusions = nn.ModuleDict(
            {level: LGFB(channels, config.heads, reduction=4 if level == "f2" else 1) for level in ("f4", "f3", "f2")}
        )
        self.smooth = nn.ModuleDict({level: ConvBNReLU(channels, smooth) for level in ("f5", "f4", "f3", "f2")})
        self.sides = nn.ModuleDict({"side8": SideOutput(smooth), "side4": SideOutput(smooth)})
        self.readout = Readout(4 * smooth, smooth, config.upsamplings)

    @property
    def front_end(self) -> FrontEnd:
        return self.grounding.front_end_on(self.trunk) if self.config.guidance else FrontEnd(self.trunk)

    def encode_features(self, front_features: ImageFeatures) -> ImageFeatures:
        levels = {
            level: self.projections[level](front_features[f"stride{stride}"]) for level, stride in STRIDES.items()
        }
        return levels | self.grounding.encode_features(front_features) if self.config.guidance else levels

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        levels = {level: features[level] for level in STRIDES}
        outputs: dict[str, Tensor | None] = {}
        named: dict[str, Tensor] = {}
        if self.config.guidance:
            grounding = self.grounding(features, text)
            outputs = grounding.outputs
            levels = self._guide(levels, grounding.guidance)
            named = {"named": grounding.named} if self.training else {}
        levels = self._read(levels, text)
        semantic = self.semantic(levels["f5"])
        smoothed = {"f5": self.smooth["f5"](semantic)}
        for level, fusion in self.fusions.items():
            smoothed[level] = self.smooth[level](fusion(levels[level], semantic))
        size = smoothed["f2"].shape[-2:]
        logits = self.readout(torch.cat([resize(x, size) for x in smoothed.values()], dim=1))
        aux = self._sides(smoothed) | named
        return SaliencyOutput(activate(logits, self.config.activation), logits, **outputs, aux=aux)

    def _guide(self, levels: ImageFeatures, guidance: Tensor) -> ImageFeatures:
        """The levels with the words' maps (N, 3, h, w) added."""
        added = {
            level: levels[level] + guide(F.adaptive_avg_pool2d(guidance, levels[level].shape[-2:]))
            for level, guide in self.guides.items()
        }
        return levels | added

    def _read(self, levels: ImageFeatures, text: TextFeatures | None) -> ImageFeatures:
        """The levels with the sentence concatenated."""
        if not self.concats:
            return levels
        sentence, present = (None, None) if text is None else (text.sentence, text.present)
        embedding = self.sentence(sentence, present, len(levels["f5"]))
        return levels | {level: concat(levels[level], embedding) for level, concat in self.concats.items()}

    def _sides(self, smoothed: dict[str, Tensor]) -> dict[str, Tensor]:
        if not self.training:
            return {}
        return {"side8": self.sides["side8"](smoothed["f3"]), "side4": self.sides["side4"](smoothed["f2"])}


def _check(config: GSGNetConfig) -> None:
    if config.fusion not in FUSIONS:
        raise ValueError(f"fusion must be one of {', '.join(FUSIONS)}, not {config.fusion!r}")
    if config.channels % (2 * config.heads):
        raise ValueError(f"channels must be a multiple of {2 * config.heads}, not {config.channels}")
    if config.upsamplings not in (0, 1, 2):
        raise ValueError(f"upsamplings must be 0, 1 or 2, not {config.upsamplings}")


COMPACT = GSGNetConfig(
    trunk="resnet50_v2",
    channels=96,
    decoder_channels=48,
    upsamplings=0,
    activation="softmax",
    text_dim=384,
    guidance=True,
)

SPEC = ModelSpec(
    name="gsgnet",
    title="GSGNet",
    summary="A semantic tensor, made of the picture and its sentence, guides the fusion of four levels of detail.",
    paper="Xie et al.: Global semantic-guided network for saliency prediction. Knowledge-Based Systems 284, 2024.",
    link="https://www.sciencedirect.com/science/article/pii/S0950705123010274",
    model=GSGNet,
    presets={
        "paper": Preset(GSGNetConfig(), Preprocessing(352, 352), "bert"),
        # The ResNet-50 v2 trunk wants x / 127.5 - 1.
        "compact": Preset(COMPACT, Preprocessing(240, 320, mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)), "minilm"),
    },
    licence="code MIT; weights research, non-commercial",
    reads_text=True,
    word_maps=True,
)
