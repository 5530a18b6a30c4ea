"""VGG's convolution blocks, and their start from VGG-16."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ..blocks import ConvBNReLU
from ..trunks import build_trunk


def vgg_block(in_channels: int, channels: int, dilations: Sequence[int]) -> nn.Sequential:
    """3x3 convolutions with batch normalisation and ReLU, one for each of `dilations`."""
    inputs = (in_channels, *[channels] * len(dilations))
    return nn.Sequential(
        *(ConvBNReLU(width, channels, dilation=dilation) for width, dilation in zip(inputs, dilations, strict=False))
    )


def copy_vgg16(model: nn.Module, trunk: nn.Module | None = None) -> None:
    """Start the first two convolutions of each block from VGG-16's conv1_x and conv2_x; widths must be (64, 128).

    Args:
        model: with blocks ``vgg1`` and ``vgg2``.
        trunk: VGG-16; None takes the ImageNet weights, which timm fetches once.

    Raises:
        HubUnavailableError: the weights are not on this machine and could not be fetched.
    """
    trunk = build_trunk("vgg16", (2,), pretrained=True) if trunk is None else trunk
    theirs = [layer for layer in trunk.modules() if isinstance(layer, nn.Conv2d)][:4]
    ours = [block[number][0] for block in (model.vgg1, model.vgg2) for number in (0, 1)]
    with torch.no_grad():
        for target, source in zip(ours, theirs, strict=True):
            target.weight.copy_(source.weight)  # its bias would be undone by the batch normalisation
