"""SDG-SOD: a detector of salient objects that a sentence guides (arXiv 2203.04076).

The map of a sentence's words multiplies the four levels of a pyramid; the products are added to the levels by 1x1
convolutions that start at zero, and an all-MLP head reads the sum. The paper's sentence is a caption of the picture;
here it may be a user's own. Without a sentence nothing is added, and the map is of what is salient.

The map is of objects, not of gaze.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..base import SaliencyModel
from ..blocks import ChannelLayerNorm, FeedForward, activate, resize
from ..detector import FEATURES
from ..features import ImageFeatures, SaliencyOutput, TextFeatures
from ..front_end import FrontEnd, FrontEndConfig
from ..grounding import Grounding, GroundingConfig, GroundingModel, GroundingOutput
from ..trunks import build_trunk

STRIDES = (4, 8, 16, 32)
NORMALISATIONS = ("minmax", "signed", "max", "sum", "softmax")


@dataclass(frozen=True)
class SDGSODConfig(FrontEndConfig, GroundingConfig):
    """Configuration of `SDGSOD`.

    Attributes:
        trunk, height, width, one_pass: see `FrontEndConfig`. Strides 4 to 32 are tapped.
        channels: levels of the trunk that have more are projected to as many; None leaves all as they are (paper).
        hidden: channels of the head (the paper's E).
        context: convolutions from the coarsest level to stride 8, in front of the head; needs `channels`.
        dropout: in the head.
        upsampling: of the head's logits, which are of stride 4.
        guidance: add what the sentence's words point at to the levels.
        guided: strides of the levels it is added to; none for a detector that has the same front end and reads nothing.
        normalise: of the words' map, which the paper leaves open: ``minmax`` to [0, 1], ``signed`` to [-1, 1], ``max``
            to a maximum of 1, ``sum`` to a mean of 1, ``softmax`` over positions, to a maximum of 1.
        text_dim, grounding_dim, objects, referent, presence: see `GroundingConfig`. The detector's features also join
            stride 8.
    """

    trunk: str = "pvt_v2_b3"
    channels: int | None = None
    hidden: int = 768
    context: bool = False
    dropout: float = 0.1
    upsampling: int = 4
    guidance: bool = True
    guided: tuple[int, ...] = STRIDES
    normalise: str = "minmax"

    def __post_init__(self) -> None:
        if self.normalise not in NORMALISATIONS:
            raise ValueError(f"normalise must be one of {', '.join(NORMALISATIONS)}, not {self.normalise!r}")
        if not set(self.guided) <= set(STRIDES):
            raise ValueError(f"guided must be some of the strides {STRIDES}, not {self.guided}")
        if self.context and self.channels is None:
            raise ValueError("context needs channels")

    @property
    def reads_text(self) -> bool:
        """Whether sentences change the maps."""
        return self.guidance and bool(self.guided)


class Guide(nn.Module):
    """F + xi(F * A): a level (N, C, h, w) multiplied with a map, through a 1x1 convolution that starts at zero."""

    def __init__(self, channels: int):
        super().__init__()
        self.xi = nn.Conv2d(channels, channels, 1, bias=False)
        nn.init.zeros_(self.xi.weight)

    def forward(self, level: Tensor, guidance: Tensor) -> Tensor:
        """The guided level; guidance (N, 1, h', w') of zeros changes nothing."""
        return level + self.xi(level * resize(guidance, level.shape[-2:]).to(level.dtype))


class ContextBlock(nn.Module):
    """ConvNeXt's block (Liu et al., CVPR 2022): 7x7 depthwise convolution, layer norm and two layers, residual."""

    def __init__(self, channels: int):
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 7, padding=3, groups=channels),
            ChannelLayerNorm(channels),
            FeedForward(channels, ratio=2),
        )

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, h, w) of the same shape."""
        return x + self.block(x)


class Context(nn.ModuleDict):
    """From the coarsest level down to stride 8, each level with the next coarser one added."""

    def __init__(self, channels: int):
        super().__init__({str(stride): ContextBlock(channels) for stride in (32, 16, 8)})

    def forward(self, levels: dict[int, Tensor]) -> dict[int, Tensor]:
        """The levels by stride; stride 4 stays as it is."""
        found, coarser = dict(levels), None
        for stride in (32, 16, 8):
            level = levels[stride] if coarser is None else levels[stride] + resize(coarser, levels[stride].shape[-2:])
            found[stride] = coarser = self[str(stride)](level)
        return found


class MLPHead(nn.Module):
    """SegFormer's head (Xie et al., NeurIPS 2021): a linear layer of each level, all of them mixed, and one logit.

    The mixing layer is applied to each level before it is enlarged, which gives the same sum with less work.
    """

    def __init__(self, channels: dict[int, int], hidden: int, dropout: float):
        super().__init__()
        self.linear = nn.ModuleDict({str(stride): nn.Conv2d(channels[stride], hidden, 1) for stride in STRIDES})
        self.mix = nn.Conv2d(len(STRIDES) * hidden, hidden, 1, bias=False)
        self.output = nn.Sequential(nn.BatchNorm2d(hidden), nn.ReLU(), nn.Dropout2d(dropout), nn.Conv2d(hidden, 1, 1))

    def forward(self, levels: dict[int, Tensor]) -> Tensor:
        """Logits (N, 1, h, w) of stride 4 from the levels by stride."""
        weights = self.mix.weight.chunk(len(STRIDES), dim=1)
        size = levels[STRIDES[0]].shape[-2:]
        mixed = (
            F.conv2d(self.linear[str(stride)](levels[stride]), weight)
            for stride, weight in zip(STRIDES, weights, strict=True)
        )
        return self.output(sum(resize(level, size) for level in mixed))


class SDGSOD(SaliencyModel):
    """See `SDGSODConfig`."""

    def __init__(self, config: SDGSODConfig):
        super().__init__()
        config.check_detector(config.trunk)
        self.config = config
        self.trunk = build_trunk(config.trunk, levels=STRIDES)
        self.grounding: Grounding | None = None
        if config.guidance:
            self.grounding = Grounding(
                self.trunk.channels,
                config.text_dim,
                config.grounding_dim,
                config.objects,
                config.referent,
                config.grid,
                config.presence,
            )
        given = {stride: self.trunk.channels[stride] for stride in STRIDES}
        if self.grounding is not None and config.objects:
            given[8] += FEATURES
        channels = {stride: min(count, config.channels or count) for stride, count in given.items()}
        wide = [stride for stride in STRIDES if channels[stride] < given[stride]]
        self.projections = nn.ModuleDict(
            {str(stride): nn.Conv2d(given[stride], channels[stride], 1) for stride in wide}
        )
        self.guides = nn.ModuleDict(
            {str(stride): Guide(channels[stride]) for stride in config.guided if config.guidance}
        )
        self.context = Context(config.channels) if config.context and config.channels else None
        self.head = MLPHead(channels, config.hidden, config.dropout)

    @property
    def front_end(self) -> FrontEnd:
        """The trunk, with the detector of the grounding where there is one."""
        if self.grounding is None:
            return FrontEnd(self.trunk, grid=self.config.grid)
        return self.grounding.front_end_on(self.trunk)

    @property
    def grounding_branch(self) -> GroundingModel | None:
        """See `SaliencyModel.grounding_branch`; None without guidance."""
        return None if self.grounding is None else GroundingModel(self.trunk, self.grounding)

    def own_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The levels ``level4`` to ``level32``, projected where they have too many channels."""
        levels = {str(stride): front_features[f"stride{stride}"] for stride in STRIDES}
        if "objects" in front_features:
            levels["8"] = torch.cat([levels["8"], front_features["objects"].to(levels["8"].dtype)], dim=1)
        projected = {stride: projection(levels[stride]) for stride, projection in self.projections.items()}
        return {f"level{stride}": level for stride, level in (levels | projected).items()}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """See `SaliencyModel.decode`; without guidance the text is ignored."""
        return super().decode(features, text) if self.config.reads_text else self._output(self.logits(features, None))

    def decode_grounded(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput
    ) -> SaliencyOutput:
        """See `SaliencyModel.decode_grounded`."""
        return self._output(self.logits(features, self.guidance_of(grounding)), grounding)

    def guidance_of(self, grounding: GroundingOutput) -> Tensor:
        """The words' map A (N, 1, h, w), normalised; zero where there is no sentence.

        The sum of the words' maps times that of the named thing, which is one of those the words point at.
        """
        words, named, present = grounding.guidance.float().split(1, dim=1)
        return normalised(words * named, self.config.normalise) * present

    def logits(self, features: ImageFeatures, guidance: Tensor | None) -> Tensor:
        """Logits (N, 1, H, W) of the masks.

        Args:
            features: see `own_features`.
            guidance: (N, 1, h, w), see `guidance_of`; None is no sentence.
        """
        levels = {stride: features[f"level{stride}"] for stride in STRIDES}
        if guidance is not None:
            levels |= {int(stride): guide(levels[int(stride)], guidance) for stride, guide in self.guides.items()}
        if self.context is not None:
            levels = self.context(levels)
        logits = self.head(levels)
        height, width = logits.shape[-2:]
        return resize(logits, (self.config.upsampling * height, self.config.upsampling * width))

    @staticmethod
    def _output(logits: Tensor, grounding: GroundingOutput | None = None) -> SaliencyOutput:
        outputs = {} if grounding is None else grounding.outputs
        return SaliencyOutput(activate(logits, "sigmoid"), logits, **outputs, aux={})


def normalised(maps: Tensor, how: str) -> Tensor:
    """Maps (N, 1, h, w) >= 0 on one scale, see `SDGSODConfig.normalise`; constant ones become 1."""
    low, high = maps.amin((-2, -1), keepdim=True), maps.amax((-2, -1), keepdim=True)
    flat = high - low <= 1e-12
    if how == "softmax":
        return torch.exp(maps - high)
    if how == "sum":
        return torch.where(flat, 1.0, maps / maps.mean((-2, -1), keepdim=True).clamp(min=1e-12))
    if how == "max":
        return torch.where(flat, 1.0, maps / high.clamp(min=1e-12))
    scaled = torch.where(flat, 1.0, (maps - low) / (high - low).clamp(min=1e-12))
    return 2 * scaled - 1 if how == "signed" else scaled
