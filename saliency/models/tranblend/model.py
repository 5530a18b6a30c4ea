"""TranBlend: TranSalNet whose second level is blended with an image-text feature.

The paper preset takes BLIP's feature, one vector per picture-sentence pair, spread over the grid by a learned kernel.
The compact preset takes the feature map of a small image-text encoder guided by word-region grounding. The blending is
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor, nn

from ...preprocessing import Preprocessing
from ..base import SaliencyModel
from ..blocks import ZeroInitConv, resize
from ..features import ImageFeatures, SaliencyOutput, TextFeatures
from ..front_end import FrontEnd
from ..grounding import (
    GUIDANCE_PLANES,
    Grounding,
    GroundingConfig,
    GroundingModel,
    GroundingOutput,
    ImageTextEncoder,
    named_things,
)
from ..own_loss import OwnLoss
from ..transalnet.model import TranSalNet, TranSalNetConfig
from .blending import BlendNet, CrossAttention, VectorUpsampler
from .blip import BlipConfig, BlipEncoder

BLENDS = ("none", "upsample", "blendnet", "cross_attention")


@dataclass(frozen=True)
class TranBlendConfig(GroundingConfig):
    """Configuration of `TranBlend`.

    Attributes:
        backbone: the TranSalNet blended into.
        blend: ``none`` (TranSalNet itself), ``upsample`` (product with the spread feature), ``blendnet`` (two
            convolutions on both; the default) or ``cross_attention`` (the feature queries the picture).
        source: ``blip`` (a vector) or ``grounding`` (a map).
        text_dim, grounding_dim, objects, referent, presence: see `GroundingConfig` (grounding). The dimension equals
            the backbone's middle width.
        layers: of the compact image-text encoder.
        dropout: in that encoder's MLPs.
        per_channel_kernel: spread each feature with a kernel of its own instead of a shared one (blip).
        vector_source: how ``upsample`` reads the vector: ``broadcast``, or ``grid16x48`` as the author's helper did.
        residual: add the picture to the result of ``cross_attention``.
        guide_fine: the words' maps also steer the stride-8 level (grounding).
        referent_gain: factor of the referent's map in the image-text encoder (grounding). A decoder that was trained
            with the words' maps alone follows the referent head's too little.
        null_text: ``learned`` null feature for the empty sentence, or ``encode_empty`` to encode it (blip).
        blip: dimensions of the BLIP parts.
    """

    backbone: TranSalNetConfig = field(default_factory=TranSalNetConfig)
    blend: str = "blendnet"
    source: str = "blip"
    layers: int = 2
    dropout: float = 0.0
    per_channel_kernel: bool = False
    vector_source: str = "broadcast"
    residual: bool = False
    guide_fine: bool = False
    referent_gain: float = 1.0
    null_text: str = "learned"
    blip: BlipConfig = field(default_factory=BlipConfig)

    def __post_init__(self) -> None:
        if self.blend not in BLENDS:
            raise ValueError(f"blend must be one of {', '.join(BLENDS)}, not {self.blend!r}")

    @property
    def reads_text(self) -> bool:
        """Whether sentences change the maps."""
        return self.blend != "none"

    def preprocessing(self) -> Preprocessing:
        """Of the model's pictures: the backbone's, squashed."""
        return replace(self.backbone.preprocessing(), fit="squash")


@dataclass(frozen=True)
class BlipFrontEnd(FrontEnd):
    """The trunk and BLIP's image encoder, whose features are ``blip``."""

    blip: BlipEncoder = field(kw_only=True)

    @property
    def parts(self) -> tuple[nn.Module, ...]:
        """The front end's frozen parts, BLIP among them."""
        return (*super().parts, self.blip)

    def __call__(self, pixels: Tensor) -> ImageFeatures:
        """See `FrontEnd`; ``blip`` is BLIP's encoding of the picture."""
        return super().__call__(pixels) | {"blip": self.blip.encode_image(pixels)}


class TranBlend(SaliencyModel):
    """See `TranBlendConfig`."""

    def __init__(self, config: TranBlendConfig):
        super().__init__()
        config.check_detector(config.backbone.trunk)
        self.config = config
        self.backbone = TranSalNet(config.backbone)
        if not config.reads_text:
            return
        channels = config.backbone.middle.hidden
        if config.source == "blip":
            self.blip = BlipEncoder(config.blip)
            text_channels = config.blip.hidden
            self.null = nn.Parameter(torch.zeros(text_channels))
            if config.blend != "upsample":
                self.spread = VectorUpsampler(text_channels, config.backbone.grid_at(16), config.per_channel_kernel)
        else:
            text_channels = channels
            self.grounding = Grounding.of(config, self.backbone.trunk.channels, config.backbone.grid)
            self.image_text = ImageTextEncoder(
                channels, config.layers, dropout=config.dropout, referent_gain=config.referent_gain
            )
        if config.blend == "blendnet":
            self.blendnet = BlendNet(channels, text_channels)
            self.blendnet.start_as_identity()
        elif config.blend == "cross_attention":
            self.cross_attention = CrossAttention(channels, text_channels, config.residual)
        if config.source == "grounding" and config.guide_fine:
            self.guide_fine = ZeroInitConv(GUIDANCE_PLANES, config.backbone.fine.hidden)

    @property
    def front_end(self) -> FrontEnd:
        """The backbone's front end and, where text is blended in, that of its source."""
        if not self.config.reads_text:
            return self.backbone.front_end
        if self.config.source == "grounding":
            return self.grounding.front_end_on(self.backbone.trunk)
        return BlipFrontEnd(self.backbone.trunk, blip=self.blip)

    @property
    def losses(self) -> Mapping[str, OwnLoss]:
        """``named`` for models with grounding: the loss of the map of named things."""
        return {"named": named_things} if hasattr(self, "grounding") else {}

    @property
    def grounding_branch(self) -> GroundingModel | None:
        """See `SaliencyModel.grounding_branch`; None for models that blend with BLIP, or not at all."""
        return GroundingModel(self.backbone.trunk, self.grounding) if hasattr(self, "grounding") else None

    def own_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The backbone's features and BLIP's."""
        features = self.backbone.own_features(front_features)
        return features | {"blip": front_features["blip"]} if "blip" in front_features else features

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """See `SaliencyModel.decode`; the text is ignored without blending."""
        if not self.config.reads_text:
            return self.backbone.decode(features, text)
        if self.config.source == "blip":
            return self._decode_vector(features, text)
        return super().decode(features, text)

    def _decode_vector(self, features: ImageFeatures, text: TextFeatures | None) -> SaliencyOutput:
        middle = features["middle"]
        vector = self.null.expand(len(middle), -1)
        if text is not None:
            read = self.blip(features["blip"], text)
            learned = self.config.null_text == "learned"
            vector = torch.where(text.present[:, None], read, vector) if learned else read
        if self.config.blend == "upsample":
            blended = middle * self._upsampled(vector, middle.shape[-2:])
        else:
            blended = self._blend(middle, resize(self.spread(vector), middle.shape[-2:]))
        return self.backbone.read_out(blended, features["fine"])

    def _upsampled(self, vector: Tensor, size: torch.Size) -> Tensor:
        """The vector as a map; from one value per channel every interpolation is the same broadcast."""
        if self.config.vector_source == "broadcast":
            return vector[:, :, None, None]
        grid = resize(vector.reshape(-1, 1, 16, 48), size)
        low, high = grid.amin(dim=(-2, -1), keepdim=True), grid.amax(dim=(-2, -1), keepdim=True)
        return (grid - low) / (high - low).clamp_min(torch.finfo(grid.dtype).eps)

    def decode_grounded(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput
    ) -> SaliencyOutput:
        """See `SaliencyModel.decode_grounded`."""
        middle, fine = features["middle"], features["fine"]
        blended = self._blend(middle, self.image_text(middle, grounding))
        if self.config.guide_fine:
            fine = fine + self.guide_fine(resize(grounding.guidance, fine.shape[-2:]))
        output = self.backbone.read_out(blended, fine)
        aux = {"named": grounding.named} if self.training else {}
        return SaliencyOutput(output.map, output.logits, **grounding.outputs, aux=aux)

    def _blend(self, picture: Tensor, text: Tensor) -> Tensor:
        if self.config.blend == "upsample":
            return picture * text
        if self.config.blend == "blendnet":
            return self.blendnet(picture, text)
        return self.cross_attention(picture, text)
