"""CLIP-SalGAN: a small convolutional generator with a sentence vector, and its discriminators.

After the public seed project and its reference (gumusserv/CLIP-SalGan), with SalGAN (Pan et al., 2017) for the losses
and the second discriminator. Text features are kept in floating point (the reference truncates them to integers).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from ..errors import HubUnavailableError
from ..preprocessing import Preprocessing
from .base import SaliencyModel, activate
from .blocks import ConvBNReLU, resize
from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .spec import ModelSpec, Preset


@dataclass(frozen=True)
class ClipSalGanConfig:
    """The generator. The defaults are the seed's; what goes beyond it is off.

    Attributes:
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
            self.after = nn.Sequential(
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
            self.after = nn.Identity()
        self.readout = nn.Conv2d(narrow, 1, 3, padding=1)
        self.prior = TextPrior(config.text_dim, config.prior_maps, config.prior_size) if config.prior_maps else None
        if config.null_text == "learned":
            self.null = nn.Parameter(torch.zeros(config.text_dim))

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """``image``: the picture's half of the fusion convolution, (N, C, H/2, W/2), or (N, C, H, W) for reference."""
        return {"image": self.fusion.image(self.enlarge(self.vgg2(F.max_pool2d(self.vgg1(pixels), 2))))}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        image = features["image"]
        sentence = self._sentence(text, len(image)).to(image.dtype)
        logits = self.readout(self.after(self.fusion(image, self.text(sentence))))
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


def vgg_block(in_channels: int, channels: int, dilations: Sequence[int]) -> nn.Sequential:
    """3x3 convolutions with batch normalisation and ReLU, one for each of `dilations`."""
    inputs = (in_channels, *[channels] * len(dilations))
    return nn.Sequential(
        *(ConvBNReLU(width, channels, dilation=dilation) for width, dilation in zip(inputs, dilations, strict=False))
    )


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


def copy_vgg16(model: ClipSalGan, features: nn.Sequential | None = None) -> None:
    """Start the first two convolutions of each block from VGG-16's conv1_x and conv2_x; widths must be (64, 128).

    Args:
        features: of torchvision's ``vgg16``; None takes the ImageNet weights, which torchvision fetches once.

    Raises:
        HubUnavailableError: the weights are not on this machine and could not be fetched.
    """
    if features is None:
        features = _vgg16_features()
    theirs = [layer for layer in features if isinstance(layer, nn.Conv2d)][:4]
    ours = [block[number][0] for block in (model.vgg1, model.vgg2) for number in (0, 1)]
    with torch.no_grad():
        for target, source in zip(ours, theirs, strict=True):
            target.weight.copy_(source.weight)  # its bias would be undone by the batch normalisation


def _vgg16_features() -> nn.Sequential:
    from ..torchvision_compat import ensure_torchvision

    ensure_torchvision()
    from torchvision.models import VGG16_Weights, vgg16

    try:
        return vgg16(weights=VGG16_Weights.IMAGENET1K_V1).features
    except (OSError, RuntimeError) as error:
        raise HubUnavailableError(
            "The weights of VGG-16 are not on this machine and could not be fetched; "
            "CLIP-SalGAN trains from scratch without them, as the preset “compact” does."
        ) from error


# --- discriminators ---------------------------------------------------------------------------------------------------


class SimpleDiscriminator(nn.Module):
    """The reference's: it judges maps alone. Returns logits (N, 1).

    Args:
        height, width: of the maps; even.
    """

    def __init__(self, height: int, width: int):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 128, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(128 * (height // 2) * (width // 2), 1)

    def forward(self, pixels: Tensor, map_: Tensor) -> Tensor:
        """Logits (N, 1) that `map_` (N, 1, H, W) is a person's; `pixels` (N, 3, H, W) are ignored."""
        return self.classifier(self.features(map_))


class SalGanDiscriminator(nn.Module):
    """SalGAN's: it judges maps beside their pictures. Returns logits (N, 1).

    Args:
        height, width: of pictures and maps.
        first_pool: 2 as the paper prints; 4 as its released code.
    """

    def __init__(self, height: int, width: int, first_pool: int = 2):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(4, 3, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(3, 32, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(first_pool),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            weight_norm(nn.Conv2d(64, 64, 3, padding=1)),
            nn.ReLU(inplace=True),
            weight_norm(nn.Conv2d(64, 64, 3, padding=1)),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        cells = (height // first_pool // 2 // 2) * (width // first_pool // 2 // 2)
        self.classifier = nn.Sequential(
            nn.Linear(64 * cells, 100), nn.Tanh(), nn.Linear(100, 2), nn.Tanh(), nn.Linear(2, 1)
        )

    def forward(self, pixels: Tensor, map_: Tensor) -> Tensor:
        """Logits (N, 1) that `map_` (N, 1, H, W) is a person's for the picture `pixels` (N, 3, H, W)."""
        return self.classifier(self.features(torch.cat([pixels, map_], dim=1)))


DISCRIMINATORS: dict[str, type[nn.Module]] = {"simple": SimpleDiscriminator, "salgan": SalGanDiscriminator}

_UNIT = {"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)}

SPEC = ModelSpec(
    name="clip_salgan",
    title="CLIP-SalGAN",
    summary="Two VGG blocks trained against a discriminator; it reads the sentence as one vector.",
    paper="Pan et al.: SalGAN: Visual saliency prediction with generative adversarial networks. arXiv 1701.01081, "
    "2017; text by Radford et al.: Learning transferable visual models from natural language supervision. ICML 2021.",
    link="https://arxiv.org/abs/1701.01081",
    model=ClipSalGan,
    presets={
        "paper": Preset(ClipSalGanConfig(), Preprocessing(256, 256, **_UNIT), "clip"),
        # Smaller pictures and dilated convolutions: a cell sees most of the picture and not 20 pixels of it.
        "compact": Preset(
            ClipSalGanConfig(
                widths=(32, 64),
                vgg2=(1, 1, 2, 4, 8, 1),
                text_dim=384,
                refinement=(1,),
                prior_maps=16,
                activation="softmax",
            ),
            Preprocessing(96, 128),
            "minilm",
        ),
    },
    licence="code MIT; weights research, non-commercial",
    reads_text=True,
    word_maps=False,
)
