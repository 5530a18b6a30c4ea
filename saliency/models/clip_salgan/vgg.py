"""VGG's convolution blocks, and their start from VGG-16."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from ..blocks import ConvBNReLU
from ..trunks.vgg16_stride8 import torchvision_names


def vgg_block(in_channels: int, channels: int, dilations: Sequence[int]) -> nn.Sequential:
    """3x3 convolutions with batch normalisation and ReLU, one for each of `dilations`."""
    inputs = (in_channels, *[channels] * len(dilations))
    return nn.Sequential(
        *(ConvBNReLU(width, channels, dilation=dilation) for width, dilation in zip(inputs, dilations, strict=False))
    )


def start_blocks(blocks: Mapping[str, nn.Module], weights: Mapping[str, Tensor]) -> set[str]:
    """Start the first two convolutions of each block from VGG-16's conv1_x and conv2_x.

    Args:
        blocks: ``vgg1`` and ``vgg2`` of widths 64 and 128, see `vgg_block`.
        weights: VGG-16's tensors by torchvision's names.

    Returns:
        names of the loaded tensors.

    Raises:
        ValueError: a tensor is missing or of another shape; nothing is taken over then.
    """
    theirs = torchvision_names()
    taken = {}
    for number, (name, block) in enumerate(blocks.items(), 1):
        for convolution in (0, 1):
            own = block[convolution][0].weight  # theirs has a bias, which the batch normalisation would undo
            value = weights.get(theirs[f"conv{number}_{convolution + 1}.weight"])
            if value is None or value.shape != own.shape:
                raise ValueError(f"not VGG-16's weights, or another width of {name}")
            taken[f"{name}.{convolution}.0.weight"] = (own, value)
    with torch.no_grad():
        for own, value in taken.values():
            own.copy_(value)
    return set(taken)
