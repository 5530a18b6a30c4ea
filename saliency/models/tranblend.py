"""TranBlend: TranSalNet whose second level is blended with an image-text feature.

The paper preset takes BLIP's feature, one vector a picture-sentence pair, spread over the grid by a learned kernel. The
compact preset takes the feature map of a small image-text encoder guided by word-region grounding. The blending is
the same.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..preprocessing import Preprocessing
from .base import SaliencyModel
from .blip import BlipConfig, BlipEncoder
from .blocks import LateAddition, resize
from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .front_end import FrontEnd
from .grounding import GUIDANCE_PLANES, Grounding, ImageTextEncoder
from .spec import ModelSpec, Preset
from .transalnet import COMPACT, COMPACT_PICTURES, TranSalNet, TranSalNetConfig, grid_size

BLENDS = ("none", "upsample", "blendnet", "cross_attention")


@dataclass(frozen=True)
class TranBlendConfig:
    """Configuration of `TranBlend`.

    Attributes:
        backbone: the TranSalNet blended into.
        blend: ``none`` (TranSalNet itself), ``upsample`` (product with the spread feature), ``blendnet`` (two
            convolutions on both; the default) or ``cross_attention`` (the feature queries the picture).
        source: ``blip`` (a vector) or ``grounding`` (a map).
        text_dim: channels of the text encoder's token states (grounding).
        grounding_dim: channels of the space of words and regions; equals the backbone's middle width.
        layers: of the compact image-text encoder.
        dropout: in that encoder's MLPs.
        per_channel_kernel: spread each feature with a kernel of its own instead of a shared one (blip).
        vector_source: how ``upsample`` reads the vector: ``broadcast``, or ``grid16x48`` as the author's helper did.
        residual: add the picture to the result of ``cross_attention``.
        guide_fine: the words' maps also steer the stride-8 level (grounding).
        objects: add an object detector to the grounding.
        subject: the grounding has a `Referent` head on a larger picture (`front_end.HIRES_SCALE`).
        null_text: ``learned`` null feature for the empty sentence, or ``encode_empty`` to encode it (blip).
        blip: dimensions of the BLIP parts.
    """

    backbone: TranSalNetConfig = field(default_factory=TranSalNetConfig)
    blend: str = "blendnet"
    source: str = "blip"
    text_dim: int = 768
    grounding_dim: int = 192
    layers: int = 2
    dropout: float = 0.0
    per_channel_kernel: bool = False
    vector_source: str = "broadcast"
    residual: bool = False
    guide_fine: bool = False
    null_text: str = "learned"
    objects: bool = False
    subject: bool = False
    blip: BlipConfig = field(default_factory=BlipConfig)


class Spread(nn.Module):
    """A vector (N, C) over the grid: out[c] = t[c] * K + b with one kernel K of the grid's size for all features.

    With `per_channel` every feature has its own kernel and bias.
    """

    def __init__(self, channels: int, size: tuple[int, int], per_channel: bool = False):
        super().__init__()
        groups = channels if per_channel else 1
        self.per_channel = per_channel
        self.kernel = nn.ConvTranspose2d(groups, groups, size, stride=size, groups=groups)

    def forward(self, vector: Tensor) -> Tensor:
        if self.per_channel:
            return self.kernel(vector[:, :, None, None])
        spread = self.kernel(vector.reshape(-1, 1, 1, 1))
        return spread.reshape(*vector.shape, *spread.shape[-2:])


class BlendNet(nn.Module):
    """Two convolutions on the image-text feature and the picture's, concatenated."""

    def __init__(self, channels: int, text_channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(text_channels + channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, picture: Tensor, text: Tensor) -> Tensor:
        x = F.relu(self.norm1(self.conv1(torch.cat([text, picture], dim=1))))
        return F.relu(self.norm2(self.conv2(x)))

    @torch.no_grad()
    def start_as_identity(self) -> None:
        """Pass the picture's half through and drop the text's: the output equals TranSalNet's.

        Exact because the next thing after blending is a ReLU, and ReLU is idempotent.
        """
        for conv, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2)):
            conv.weight.zero_()
            conv.bias.zero_()
            offset = conv.in_channels - conv.out_channels
            channels = torch.arange(conv.out_channels)
            conv.weight[channels, offset + channels, 1, 1] = 1.0
            norm.reset_parameters()
            norm.weight.fill_((1 + norm.eps) ** 0.5)


class CrossAttention(nn.Module):
    """Cross-attention, softmax(q k^T / sqrt(d)) v: queries from the image-text feature, keys and values from the
    picture."""

    def __init__(self, channels: int, text_channels: int, residual: bool = False):
        super().__init__()
        width = max(channels // 8, 1)
        self.query = nn.Sequential(nn.Conv2d(text_channels, width, 1), nn.BatchNorm2d(width))
        self.key = nn.Sequential(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width))
        self.value = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels))
        self.residual = residual

    def attention(self, picture: Tensor, text: Tensor) -> Tensor:
        """(N, positions of the text, positions of the picture); rows sum to 1."""
        query, key = self.query(text).flatten(2), self.key(picture).flatten(2)
        return torch.softmax(query.transpose(1, 2) @ key / query.shape[1] ** 0.5, dim=-1)

    def forward(self, picture: Tensor, text: Tensor) -> Tensor:
        value = self.value(picture).flatten(2)
        attended = (value @ self.attention(picture, text).transpose(1, 2)).unflatten(2, text.shape[-2:])
        return picture + attended if self.residual else attended


@dataclass(frozen=True)
class BlipFrontEnd(FrontEnd):
    """The trunk and BLIP's image encoder, whose features are ``blip``."""

    blip: BlipEncoder | None = None

    @property
    def parts(self) -> tuple[nn.Module, ...]:
        return (*super().parts, self.blip)

    def __call__(self, pixels: Tensor) -> ImageFeatures:
        return super().__call__(pixels) | {"blip": self.blip.encode_image(pixels)}


class TranBlend(SaliencyModel):
    """See `TranBlendConfig`."""

    def __init__(self, config: TranBlendConfig):
        super().__init__()
        if config.blend not in BLENDS:
            raise ValueError(f"blend must be one of {', '.join(BLENDS)}, not {config.blend!r}")
        self.config = config
        self.backbone = TranSalNet(config.backbone)
        if config.blend == "none":
            return
        channels = config.backbone.middle.hidden
        if config.source == "blip":
            self.blip = BlipEncoder(config.blip)
            text_channels = config.blip.hidden
            self.null = nn.Parameter(torch.zeros(text_channels))
            if config.blend != "upsample":
                self.spread = Spread(text_channels, grid_size(config.backbone, 16), config.per_channel_kernel)
        else:
            text_channels = channels
            self.grounding = Grounding(
                self.backbone.trunk.channels, config.text_dim, config.grounding_dim, config.objects, config.subject
            )
            self.image_text = ImageTextEncoder(channels, config.layers, dropout=config.dropout)
        if config.blend == "blendnet":
            self.blendnet = BlendNet(channels, text_channels)
            self.blendnet.start_as_identity()
        elif config.blend == "cross_attention":
            self.cross_attention = CrossAttention(channels, text_channels, config.residual)
        if config.source == "grounding" and config.guide_fine:
            self.guide_fine = LateAddition(GUIDANCE_PLANES, config.backbone.fine.hidden)

    @property
    def front_end(self) -> FrontEnd:
        if self.config.blend == "none":
            return self.backbone.front_end
        if self.config.source == "grounding":
            return self.grounding.front_end_on(self.backbone.trunk)
        return BlipFrontEnd(self.backbone.trunk, blip=self.blip)

    def encode_features(self, front_features: ImageFeatures) -> ImageFeatures:
        features = self.backbone.encode_features(front_features)
        if self.config.blend == "none":
            return features
        if self.config.source == "grounding":
            return features | self.grounding.encode_features(front_features)
        return features | {"blip": front_features["blip"]}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        if self.config.blend == "none":
            return self.backbone.decode(features, text)
        if self.config.source == "blip":
            return self._decode_vector(features, text)
        return self._decode_grounded(features, text)

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
        grid = F.interpolate(vector.reshape(-1, 1, 16, 48), size=tuple(size), mode="bilinear", align_corners=False)
        low, high = grid.amin(dim=(-2, -1), keepdim=True), grid.amax(dim=(-2, -1), keepdim=True)
        return (grid - low) / (high - low).clamp_min(torch.finfo(grid.dtype).eps)

    def _decode_grounded(self, features: ImageFeatures, text: TextFeatures | None) -> SaliencyOutput:
        middle, fine = features["middle"], features["fine"]
        grounding = self.grounding(features, text)
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


SPEC = ModelSpec(
    name="tranblend",
    title="TranBlend",
    summary="TranSalNet blended with an image-text feature; in the compact preset each word's map guides the answer.",
    paper="TranBlend: TranSalNet blended with BLIP image-text features (student project, CS3324, no publication).",
    model=TranBlend,
    presets={
        "paper": Preset(TranBlendConfig(), Preprocessing(288, 384), "blip"),
        "compact": Preset(
            TranBlendConfig(backbone=COMPACT, source="grounding", text_dim=384, guide_fine=True),
            COMPACT_PICTURES,
            "minilm",
        ),
    },
    licence="code MIT; weights research, non-commercial",
    reads_text=True,
    word_maps=True,
)
