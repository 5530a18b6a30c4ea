"""MLNet (Cornia et al., ICPR 2016): CNN features of three depths, a small readout, and a learned location prior.

Text-blind. The prior is a coarse grid of factors that the map is multiplied with, one by one; it starts at one, so that
with and without it the answer is the same at first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...preprocessing import Preprocessing
from ..base import SaliencyModel
from ..blocks import resize
from ..features import ImageFeatures, SaliencyOutput, TextFeatures
from ..front_end import FrontEnd, strided
from ..own_loss import OwnLoss, Targets
from ..trunks import build_trunk, normalisation

SMALLEST_PEAK = 1e-6  # behind the last ReLU a map can be all zero
PRIOR_STRIDE = 10  # cells of the map per cell of the prior and side


@dataclass(frozen=True)
class MLNetConfig:
    """Configuration of `MLNet`.

    Attributes:
        trunk: name in `trunks.TRUNKS` or of timm; its levels 8, 16 and 32 are tapped.
        height, width: of the input; the map has an eighth of each, the prior an eightieth, rounded down.
        fit: see `Preprocessing`.
        channels: of the convolution behind the taps.
        dropout: share of the tapped values that are dropped in training.
        prior: whether the map is multiplied with the learned prior.
        port: differ from the paper as the ports to PyTorch do, whose weights are public: the trunk's fourth pooling is
            5x5, there is no ReLU behind the convolutions of the readout, and the prior is enlarged corner to corner.
    """

    trunk: str = "vgg16_stride8"
    height: int = 480
    width: int = 640
    fit: str = "pad"
    channels: int = 64
    dropout: float = 0.5
    prior: bool = True
    port: bool = False

    @property
    def prior_grid(self) -> tuple[int, int]:
        """(h, w) of the prior, at least one cell."""
        height, width = strided((self.height, self.width), 8)
        return max(height // PRIOR_STRIDE, 1), max(width // PRIOR_STRIDE, 1)

    def preprocessing(self) -> Preprocessing:
        """Of the model's pictures."""
        return Preprocessing(self.height, self.width, **normalisation(self.trunk), fit=self.fit)


class MLNet(SaliencyModel):
    """See `MLNetConfig`."""

    def __init__(self, config: MLNetConfig):
        super().__init__()
        self.config = config
        options = {"wide_pool": True} if config.port else {}
        self.trunk = build_trunk(config.trunk, (8, 16, 32), **options)
        taps = sum(self.trunk.channels[level] for level in (8, 16, 32))
        self.dropout = nn.Dropout(config.dropout)
        self.mix = nn.Conv2d(taps, config.channels, 3, padding=1)
        self.readout = nn.Conv2d(config.channels, 1, 1)
        height, width = config.prior_grid
        # W of U = 1 + W. Flat, as vectors have no weight decay: the loss has a term for it.
        self.offsets = nn.Parameter(torch.zeros(height * width)) if config.prior else None

    @property
    def front_end(self) -> FrontEnd:
        """The trunk alone."""
        return FrontEnd(self.trunk)

    @property
    def location_prior(self) -> Tensor | None:
        """U (h, w), see `SaliencyModel.location_prior`."""
        return None if self.offsets is None else 1 + self.offsets.unflatten(0, self.config.prior_grid)

    @property
    def losses(self) -> Mapping[str, OwnLoss]:
        """``prior``, where there is one; the paper's other term is `losses.weighted_mse`, which any model can have."""
        return {} if self.offsets is None else {"prior": prior_deviation}

    def own_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """``mixed`` (N, channels, h, w): the levels, deeper ones enlarged to the first, through the convolution."""
        fine, middle, deep = (front_features[f"stride{level}"] for level in (8, 16, 32))
        taps = torch.cat([fine, *(resize(level, fine.shape[-2:]) for level in (middle, deep))], dim=1)
        return {"mixed": self._activate(self.mix(self.dropout(taps)))}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """See `SaliencyModel.decode`; the text is ignored.

        The map is the logits behind a ReLU as a share of their maximum. ``aux`` has the ``prior`` (h, w), if there is.
        """
        logits = self._activate(self.readout(features["mixed"]).float())
        aux = {}
        prior = self.location_prior
        if prior is not None:
            size, corners = tuple(logits.shape[-2:]), self.config.port
            logits = logits * F.interpolate(prior[None, None], size=size, mode="bilinear", align_corners=corners)
            aux["prior"] = prior
        map_ = F.relu(logits)
        return SaliencyOutput(map_ / map_.amax((-2, -1), keepdim=True).clamp(min=SMALLEST_PEAK), logits, aux=aux)

    def _activate(self, x: Tensor) -> Tensor:
        return x if self.config.port else F.relu(x)


def prior_deviation(output: SaliencyOutput, targets: Targets) -> Tensor:
    """Mean squared deviation of the prior from one."""
    return (output.aux["prior"].float() - 1).square().mean()
