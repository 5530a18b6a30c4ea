"""ToyNet: two convolutions, whose channels the sentence weighs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from saliency.models.base import SaliencyModel
from saliency.models.blocks import SentenceEmbedding, activate
from saliency.models.features import ImageFeatures, SaliencyOutput, TextFeatures
from saliency.models.own_loss import OwnLoss, Targets
from saliency.preprocessing import Preprocessing


@dataclass(frozen=True)
class ToyNetConfig:
    """Configuration of `ToyNet`.

    Attributes:
        height, width: of the pictures; the map has a quarter of each.
        channels: of the convolutions.
        text_dim: channels of the sentence vector.
    """

    height: int = 96
    width: int = 128
    channels: int = 16
    text_dim: int = 384

    def preprocessing(self) -> Preprocessing:
        """Of the model's pictures."""
        return Preprocessing(self.height, self.width)


class ToyNet(SaliencyModel):
    """See `ToyNetConfig`."""

    def __init__(self, config: ToyNetConfig):
        super().__init__()
        self.config = config
        self.encoder = nn.Sequential(
            nn.Conv2d(3, config.channels, 7, stride=4, padding=3),
            nn.GELU(),
            nn.Conv2d(config.channels, config.channels, 7, padding=3),
        )
        self.sentence = SentenceEmbedding(config.text_dim, config.channels)
        self.readout = nn.Conv2d(config.channels, 1, 3, padding=1)

    @property
    def losses(self) -> Mapping[str, OwnLoss]:
        return {"energy": energy}

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """``picture`` (N, C, H/4, W/4) from pixels (N, 3, H, W)."""
        return {"picture": self.encoder(pixels)}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        picture = features["picture"]
        sentence, present = (None, None) if text is None else (text.sentence, text.present)
        weight = self.sentence(sentence, present, len(picture)).sigmoid()
        logits = self.readout(picture * weight[:, :, None, None])
        return SaliencyOutput(activate(logits, "softmax"), logits)


def energy(output: SaliencyOutput, targets: Targets) -> Tensor:
    """Mean squared logit: a term of the loss that only this model has."""
    return output.logits.float().square().mean()
