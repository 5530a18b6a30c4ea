"""Image trunks by name: pictures in, feature maps at several strides out.

A trunk's ``forward(pixels)`` returns ``{stride: (N, C, H/stride, W/stride)}`` for the strides asked for, and
``channels`` says how many channels each has. Where a stride does not divide the picture's sides, most architectures
round up and DenseNet rounds down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from .timm_trunk import Normalisation, TimmTrunk, timm_normalisation
from .vgg16_stride8 import Vgg16Stride8

# Trunks that timm does not have; `like` is timm's name of a network that takes the same pictures.
TRUNKS: dict[str, Any] = {"vgg16_stride8": Vgg16Stride8}


def build_trunk(name: str, levels: Sequence[int], **options: bool) -> nn.Module:
    """A trunk that gives the strides `levels`: one of `TRUNKS`, else timm's of that name.

    Args:
        options: of its class.

    Raises:
        ValueError: there is no trunk of this name, or it lacks one of the strides.
    """
    if name in TRUNKS:
        return TRUNKS[name](levels, **options)
    return TimmTrunk(name, levels, **options)


def normalisation(name: str) -> Normalisation:
    """``mean`` and ``std`` of the pictures that the trunk `name` was pre-trained on, as `Preprocessing` takes them."""
    return timm_normalisation(TRUNKS[name].like if name in TRUNKS else name)
