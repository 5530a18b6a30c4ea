"""GSGNet: a global semantic tensor guides the fusion of every level (Xie et al., Knowledge-Based Systems 284, 2024).

Extended by text. A sentence vector is concatenated with the deepest features, from which the semantic tensor is made,
so that one injection steers all levels. The compact preset adds the words' maps of `grounding` to the features, so that
where each word points is on the path to the answer.

The strides 4, 8, 16 and 32 are called f2, f3, f4 and f5 as in the paper.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...losses import bce_with_logits
from ..base import SaliencyModel
from ..blocks import ConvBNReLU, SentenceEmbedding, ZeroInitConv, activate, resize
from ..features import ImageFeatures, SaliencyOutput, TextFeatures
from ..front_end import FrontEnd, FrontEndConfig
from ..grounding import GUIDANCE_PLANES, Grounding, GroundingConfig, GroundingModel, GroundingOutput, named_things
from ..own_loss import OwnLoss, Targets
from ..trunks import build_trunk
from .semantic import LGFB, SAIB

FUSIONS = ("none", "deep_concat", "all_concat")
STRIDES = {"f2": 4, "f3": 8, "f4": 16, "f5": 32}
# Levels the words' maps are added to; they lie on the grid of f3, and f2 is fused at a quarter of its size anyway.
GUIDED = ("f3", "f4", "f5")


@dataclass(frozen=True)
class GSGNetConfig(FrontEndConfig, GroundingConfig):
    """Configuration of `GSGNet`.

    Attributes:
        trunk, height, width, one_pass: see `FrontEndConfig`.
        channels: of every level after projection (the paper's C), a multiple of twice the heads.
        heads: of the attention.
        decoder_channels: of the smoothed levels; the readout narrows to half of it.
        upsamplings: 0, 1 or 2 doublings in the readout, which starts at stride 4; 2 ends at the input's size.
        activation: ``sigmoid`` (paper) or ``softmax``.
        text_dim: channels of the sentence vector, too.
        grounding_dim, objects, referent, presence: see `GroundingConfig`.
        fusion: where the sentence vector is concatenated: ``none``, ``deep_concat`` (f5), ``all_concat`` (every level).
        guidance: add the words' maps to f3, f4 and f5.
    """

    channels: int = 192
    heads: int = 4
    decoder_channels: int = 128
    upsamplings: int = 2
    activation: str = "sigmoid"
    fusion: str = "deep_concat"
    guidance: bool = False

    def __post_init__(self) -> None:
        if self.fusion not in FUSIONS:
            raise ValueError(f"fusion must be one of {', '.join(FUSIONS)}, not {self.fusion!r}")
        if self.channels % (2 * self.heads):
            raise ValueError(f"channels must be a multiple of {2 * self.heads}, not {self.channels}")
        if self.upsamplings not in (0, 1, 2):
            raise ValueError(f"upsamplings must be 0, 1 or 2, not {self.upsamplings}")


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
    """See `GSGNetConfig`.

    In training mode ``aux`` has side outputs (logits at strides 8 and 4) as ``side8`` and ``side4``, and the map of the
    named things as ``named``.
    """

    def __init__(self, config: GSGNetConfig):
        super().__init__()
        config.check_detector(config.trunk)
        self.config = config
        self.trunk = build_trunk(config.trunk, levels=tuple(STRIDES.values()))
        channels, smooth = config.channels, config.decoder_channels
        self.projections = nn.ModuleDict(
            {level: nn.Conv2d(self.trunk.channels[stride], channels, 1) for level, stride in STRIDES.items()}
        )
        fused = {"none": (), "deep_concat": ("f5",), "all_concat": tuple(STRIDES)}[config.fusion]
        if fused:
            self.sentence = SentenceEmbedding(config.text_dim, channels)
        self.concats = nn.ModuleDict({level: SentenceConcat(channels) for level in fused})
        if config.guidance:
            self.grounding = Grounding.of(config, self.trunk.channels, config.grid)
            self.guides = nn.ModuleDict({level: ZeroInitConv(GUIDANCE_PLANES, channels) for level in GUIDED})
        self.semantic = SAIB(channels, config.heads)
        self.fusions = nn.ModuleDict(
            {level: LGFB(channels, config.heads, reduction=4 if level == "f2" else 1) for level in ("f4", "f3", "f2")}
        )
        self.smooth = nn.ModuleDict({level: ConvBNReLU(channels, smooth) for level in ("f5", "f4", "f3", "f2")})
        self.sides = nn.ModuleDict({"side8": SideOutput(smooth), "side4": SideOutput(smooth)})
        self.readout = Readout(4 * smooth, smooth, config.upsamplings)

    @property
    def front_end(self) -> FrontEnd:
        """The trunk, with the detector of the grounding where guidance is on."""
        return (
            self.grounding.front_end_on(self.trunk)
            if self.config.guidance
            else FrontEnd(self.trunk, grid=self.config.grid)
        )

    @property
    def losses(self) -> Mapping[str, OwnLoss]:
        """``sides``, and ``named`` where guidance is on: the loss of the map of named things."""
        return {"sides": side_outputs} | ({"named": named_things} if self.config.guidance else {})

    @property
    def grounding_branch(self) -> GroundingModel | None:
        """See `SaliencyModel.grounding_branch`; None without guidance."""
        return GroundingModel(self.trunk, self.grounding) if self.config.guidance else None

    def own_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The projected levels by name, see `STRIDES`."""
        return {level: self.projections[level](front_features[f"stride{stride}"]) for level, stride in STRIDES.items()}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """See `SaliencyModel.decode`; the sentence enters as guidance or as an embedding, see `GSGNetConfig`."""
        if self.config.guidance:
            return super().decode(features, text)
        return self._fuse({level: features[level] for level in STRIDES}, text)

    def decode_grounded(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput
    ) -> SaliencyOutput:
        """See `SaliencyModel.decode_grounded`."""
        output = self._fuse(self._guide({level: features[level] for level in STRIDES}, grounding.guidance), text)
        named = {"named": grounding.named} if self.training else {}
        return SaliencyOutput(output.map, output.logits, **grounding.outputs, aux=output.aux | named)

    def _fuse(self, levels: ImageFeatures, text: TextFeatures | None) -> SaliencyOutput:
        """The map of projected levels, with the sentence added."""
        levels = self._add_sentence(levels, text)
        semantic = self.semantic(levels["f5"])
        smoothed = {"f5": self.smooth["f5"](semantic)}
        for level, fusion in self.fusions.items():
            smoothed[level] = self.smooth[level](fusion(levels[level], semantic))
        size = smoothed["f2"].shape[-2:]
        logits = self.readout(torch.cat([resize(x, size) for x in smoothed.values()], dim=1))
        return SaliencyOutput(activate(logits, self.config.activation), logits, aux=self._sides(smoothed))

    def _guide(self, levels: ImageFeatures, guidance: Tensor) -> ImageFeatures:
        """The levels with the words' maps (N, 3, h, w) added."""
        added = {
            level: levels[level] + guide(F.adaptive_avg_pool2d(guidance, levels[level].shape[-2:]))
            for level, guide in self.guides.items()
        }
        return levels | added

    def _add_sentence(self, levels: ImageFeatures, text: TextFeatures | None) -> ImageFeatures:
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


def side_outputs(output: SaliencyOutput, targets: Targets) -> Tensor:
    """Binary cross-entropy of both side outputs with the density at their size, summed.

    The paper weighs it by .001 in the first epoch and drops it then.
    """
    sides = [output.aux[name] for name in ("side8", "side4")]
    return torch.stack([bce_with_logits(side, resize(targets.density, side.shape[-2:])) for side in sides]).sum()
