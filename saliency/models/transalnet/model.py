"""TranSalNet (Lou et al., Neurocomputing 494, 2022): CNN features through transformer encoders, fused by products.

Text-blind: it answers the same whatever the sentence. TranBlend builds on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...preprocessing import Preprocessing
from ..attention import EncoderLayer
from ..base import SaliencyModel
from ..blocks import ConvBNReLU, activate
from ..features import ImageFeatures, SaliencyOutput, TextFeatures
from ..front_end import FrontEnd, FrontEndConfig
from ..trunks import build_trunk


@dataclass(frozen=True)
class TransformerConfig:
    """A transformer encoder on one tap: hidden width, heads and layers; the MLP is four times as wide."""

    hidden: int
    heads: int
    layers: int = 2


@dataclass(frozen=True)
class TranSalNetConfig(FrontEndConfig):
    """Configuration of `TranSalNet`.

    Attributes:
        trunk, height, width, one_pass: see `FrontEndConfig`. Strides 8, 16 and 32 are tapped; the learned positions
            belong to the size and are interpolated for others.
        fit: see `Preprocessing`.
        deep, middle, fine: the encoders of strides 32, 16 and 8.
        decoder: channels behind each decoder convolution after the three fused levels.
        upsamplings: how many of the decoder's convolutions are followed by a doubling; 3 ends at the input's size.
        activation: ``sigmoid`` (paper) or ``softmax``.
    """

    height: int = 288
    width: int = 384
    fit: str = "pad"
    deep: TransformerConfig = TransformerConfig(768, 12)
    middle: TransformerConfig = TransformerConfig(768, 12)
    fine: TransformerConfig = TransformerConfig(512, 8)
    decoder: tuple[int, ...] = (256, 128, 64, 32)
    upsamplings: int = 3
    activation: str = "sigmoid"

    def preprocessing(self) -> Preprocessing:
        """Of the model's pictures."""
        return replace(super().preprocessing(), fit=self.fit)


class TransformerEncoder(nn.Module):
    """1x1 convolution, learned positions, pre-norm layers, back to a map (the paper's TE_i)."""

    def __init__(self, channels: int, size: tuple[int, int], refinement: TransformerConfig):
        super().__init__()
        self.size = size
        self.project = nn.Conv2d(channels, refinement.hidden, 1)
        self.positions = nn.Parameter(torch.zeros(1, size[0] * size[1], refinement.hidden))
        self.layers = nn.ModuleList(EncoderLayer(refinement.hidden, refinement.heads) for _ in range(refinement.layers))
        self.norm = nn.LayerNorm(refinement.hidden, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to tokens on the same grid, (N, width, H, W)."""
        size = x.shape[-2:]
        tokens = self.project(x).flatten(2).transpose(1, 2) + self._positions(size)
        for layer in self.layers:
            tokens = layer(tokens)
        return self.norm(tokens).transpose(1, 2).unflatten(2, size)

    def _positions(self, size: torch.Size) -> Tensor:
        """The positions, interpolated bicubically where the input has another size than the one trained for."""
        if tuple(size) == self.size:
            return self.positions
        grid = self.positions.transpose(1, 2).unflatten(2, self.size)
        return F.interpolate(grid, size=tuple(size), mode="bicubic", align_corners=False).flatten(2).transpose(1, 2)


class TranSalNet(SaliencyModel):
    """See `TranSalNetConfig`."""

    def __init__(self, config: TranSalNetConfig):
        super().__init__()
        self.config = config
        deep, middle, fine = config.deep, config.middle, config.fine
        # The paper taps DenseNet in front of its last norm; other trunks have none to leave out.
        options = {"final_norm": False} if config.trunk == "densenet161" else {}
        self.trunk = build_trunk(config.trunk, levels=(8, 16, 32), **options)
        channels = self.trunk.channels
        self.deep = TransformerEncoder(channels[32], config.grid_at(32), deep)
        self.middle = TransformerEncoder(channels[16], config.grid_at(16), middle)
        self.fine = TransformerEncoder(channels[8], config.grid_at(8), fine)
        self.from_deep = ConvBNReLU(deep.hidden, middle.hidden)
        self.from_middle = ConvBNReLU(middle.hidden, fine.hidden)
        widths = (fine.hidden, *config.decoder)
        self.decoder = nn.ModuleList(ConvBNReLU(a, b) for a, b in pairwise(widths))
        self.readout = nn.Conv2d(widths[-1], 1, 3, padding=1)

    @property
    def front_end(self) -> FrontEnd:
        """The trunk alone."""
        return FrontEnd(self.trunk, grid=self.config.grid)

    def own_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The fused second level, before its ReLU, and the third."""
        middle = self.middle(front_features["stride16"])
        return {
            "middle": _enlarge(self.from_deep(self.deep(front_features["stride32"])), middle) * middle,
            "fine": self.fine(front_features["stride8"]),
        }

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """See `SaliencyModel.decode`; the text is ignored."""
        return self.read_out(features["middle"], features["fine"])

    def read_out(self, middle: Tensor, fine: Tensor) -> SaliencyOutput:
        """The map from the fused second level (N, C, h, w) and the third (N, C', 2h, 2w)."""
        x = F.relu(_enlarge(self.from_middle(F.relu(middle)), fine) * fine)
        for number, layer in enumerate(self.decoder):
            x = layer(x)
            if number < self.config.upsamplings:
                x = F.interpolate(x, scale_factor=2, mode="nearest")
        logits = self.readout(x)
        return SaliencyOutput(activate(logits, self.config.activation), logits)


def _enlarge(x: Tensor, like: Tensor) -> Tensor:
    """Nearest-neighbour to the size of `like`: a doubling wherever the sizes divide."""
    return F.interpolate(x, size=like.shape[-2:], mode="nearest")
