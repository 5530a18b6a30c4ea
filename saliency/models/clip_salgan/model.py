"""CLIP-SalGAN: a small convolutional generator with a sentence vector, trained against a discriminator.

After the public seed project and its reference (gumusserv/CLIP-SalGan). Text features stay in floating point (the
reference truncates them to integers).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...preprocessing import Preprocessing
from ..base import SaliencyModel
from ..blocks import activate, resize
from ..features import ImageFeatures, SaliencyOutput, TextFeatures
from ..trunks.trunk import hub_weights
from .vgg import start_blocks, vgg_block


@dataclass(frozen=True)
class ClipSalGanConfig:
    """Configuration of `ClipSalGan`. The defaults are the seed's; what goes beyond it is off.

    Attributes:
        height, width: of the input; even.
        normalise_pictures: by ImageNet's mean and standard deviation; else values stay in [0, 1] (paper).
        variant: ``seed`` fuses picture and text at half the input's resolution, ``reference`` at the full one.
        widths: channels of the two VGG blocks.
        vgg1, vgg2: one entry a convolution of each block, its dilation. (The reference's ``n_convs=3`` is (1, 1, 1).)
        text_dim: channels of the sentence vector; a multiple of 4 for ``seed``.
        normalise_text: whether sentence vectors are divided by their length.
        null_text: what stands for an empty sentence: a ``learned`` vector, or ``encode_empty``, the encoding of "".
        refinement: dilations of further convolutions between fusion and readout (seed variant); none in the paper.
        prior_maps: number of learned spatial maps that the sentence mixes and adds to the logits; 0 is no prior.
        prior_size: (h, w) of those maps.
        activation: ``sigmoid`` (paper) or ``softmax``.
    """

    height: int = 256
    width: int = 256
    normalise_pictures: bool = False
    variant: str = "seed"
    widths: tuple[int, int] = (64, 128)
    vgg1: tuple[int, ...] = (1, 1, 1)
    vgg2: tuple[int, ...] = (1, 1, 1)
    text_dim: int = 512
    normalise_text: bool = False
    null_text: str = "learned"
    refinement: tuple[int, ...] = ()
    prior_maps: int = 0
    prior_size: tuple[int, int] = (12, 16)
    activation: str = "sigmoid"

    def __post_init__(self) -> None:
        for name, values in {"variant": ("seed", "reference"), "null_text": ("learned", "encode_empty")}.items():
            if getattr(self, name) not in values:
                raise ValueError(f"{name} must be {' or '.join(values)}, not {getattr(self, name)!r}")

    def preprocessing(self) -> Preprocessing:
        """Of the model's pictures."""
        if self.normalise_pictures:
            return Preprocessing(self.height, self.width)
        return Preprocessing(self.height, self.width, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))


class ClipSalGan(SaliencyModel):
    """The generator; see `ClipSalGanConfig`. Input sides are even; the map has the input's size."""

    def __init__(self, config: ClipSalGanConfig):
        super().__init__()
        self.config = config
        narrow, wide = config.widths
        self.vgg1 = vgg_block(3, narrow, config.vgg1)
        self.vgg2 = vgg_block(narrow, wide, config.vgg2)
        if config.variant == "seed":
            self.enlarge = nn.Identity()
            self.text = nn.Sequential(
                nn.Unflatten(1, (config.text_dim // 4, 2, 2)), nn.Conv2d(config.text_dim // 4, wide, 2)
            )
            self.fusion = SplitFusion(wide, wide, narrow)
            self.refinement = nn.Sequential(
                nn.BatchNorm2d(narrow),
                nn.ReLU(inplace=True),
                vgg_block(narrow, narrow, config.refinement),
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False),
            )
        else:
            self.enlarge = nn.Sequential(
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
                vgg_block(wide, narrow, (1, 1)),
            )
            self.text = nn.Sequential(nn.Unflatten(1, (config.text_dim, 1, 1)), nn.Conv2d(config.text_dim, narrow, 1))
            self.fusion = SplitFusion(narrow, narrow, narrow)
            self.refinement = nn.Identity()
        self.readout = nn.Conv2d(narrow, 1, 3, padding=1)
        self.prior = TextPrior(config.text_dim, config.prior_maps, config.prior_size) if config.prior_maps else None
        if config.null_text == "learned":
            self.null = nn.Parameter(torch.zeros(config.text_dim))

    def start_from(self, weights: Mapping[str, Tensor], text_encoder: str | None = None) -> set[str]:
        """Start the first two convolutions of each block from VGG-16's tensors, see `start_blocks`."""
        return start_blocks({"vgg1": self.vgg1, "vgg2": self.vgg2}, weights)

    def start_from_hub(self) -> set[str]:
        """As `start_from`, of VGG-16 from the hub, see `Trunk.start_from_hub`."""
        return self.start_from(hub_weights("vgg16"))

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """``image``: the picture's half of the fusion convolution, (N, C, H/2, W/2), or (N, C, H, W) for reference."""
        return {"image": self.fusion.image(self.enlarge(self.vgg2(F.max_pool2d(self.vgg1(pixels), 2))))}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """See `SaliencyModel.decode`; the sentence vector is concatenated with the picture's features at each cell."""
        image = features["image"]
        sentence = self._sentence(text, len(image)).to(image.dtype)
        logits = self.readout(self.refinement(self.fusion(image, self.text(sentence))))
        if self.prior is not None:
            logits = logits + resize(self.prior(sentence), logits.shape[-2:])
        return SaliencyOutput(activate(logits, self.config.activation), logits)

    def _sentence(self, text: TextFeatures | None, pictures: int) -> Tensor:
        """Sentence vectors (N, text_dim), the null vector without a sentence."""
        if self.config.null_text == "encode_empty":
            if text is None:
                raise ValueError(
                    "with null_text=encode_empty the pure condition is the encoded empty sentence, not None"
                )
            return self._scaled(text.sentence)
        if text is None:
            return self.null.expand(pictures, -1)
        return torch.where(text.present[:, None], self._scaled(text.sentence), self.null)

    def _scaled(self, sentence: Tensor) -> Tensor:
        return F.normalize(sentence, dim=1) if self.config.normalise_text else sentence


class SplitFusion(nn.Module):
    """A 3x3 convolution of picture features concatenated with a text vector at each cell, computed in two halves.

    Where all nine taps lie inside the map the text's half is the same everywhere, and at the border it only lacks the
    taps in the zero padding: nine different values in all, those of a 3x3 map. So a further sentence costs an addition.

    Args:
        image_channels, text_channels: of the two inputs, in the order of the concatenation.
        channels: of the output.
    """

    def __init__(self, image_channels: int, text_channels: int, channels: int):
        super().__init__()
        self.split = image_channels
        self.conv = nn.Conv2d(image_channels + text_channels, channels, 3, padding=1)

    def image(self, x: Tensor) -> Tensor:
        """The picture's half (N, C, h, w), bias included."""
        return F.conv2d(x, self.conv.weight[:, : self.split], self.conv.bias, padding=1)

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """The whole convolution (N, C, h, w).

        Args:
            image: (N, C, h, w) from `image`; h and w are at least 2.
            text: (N, text_channels, 1, 1).
        """
        nine = F.conv2d(text.expand(-1, -1, 3, 3), self.conv.weight[:, self.split :], padding=1)
        rows, columns = (_thirds(side, image.device) for side in image.shape[-2:])
        return image + nine[:, :, rows[:, None], columns]


def _thirds(side: int, device: torch.device) -> Tensor:
    """(side,): 0 for the first cell, 2 for the last, 1 between."""
    index = torch.ones(side, dtype=torch.long, device=device)
    index[0], index[-1] = 0, 2
    return index


class TextPrior(nn.Module):
    """Where people look after a sentence whatever the picture: learned maps, mixed by the sentence. Starts at zero.

    Args:
        text_dim: channels of the sentence vector.
        maps: how many.
        size: (h, w) of each.
    """

    def __init__(self, text_dim: int, maps: int, size: Sequence[int]):
        super().__init__()
        self.mixture = nn.Linear(text_dim, maps)
        self.maps = nn.Parameter(torch.zeros(maps, *size))

    def forward(self, sentence: Tensor) -> Tensor:
        """(N, 1, h, w) from sentence vectors (N, text_dim)."""
        return torch.einsum("nk,khw->nhw", self.mixture(sentence), self.maps).unsqueeze(1)
