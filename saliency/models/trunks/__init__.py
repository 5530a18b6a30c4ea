"""Image trunks by name: pictures in, feature maps at several strides out.

A trunk's ``forward(pixels)`` returns ``{stride: (N, C, H/stride, W/stride)}`` for the strides asked for, and
``channels`` says how many channels each has. Where a stride does not divide the picture's sides, most architectures
round up and DenseNet rounds down.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import nn

from .efficientnet_lite2 import EfficientNetLite2
from .timm_trunk import TimmTrunk, timm_normalisation
from .trunk import Normalisation
from .vgg16_stride8 import Vgg16Stride8

# Trunks that are written here; all others are timm's.
TRUNKS: dict[str, Any] = {"tf_efficientnet_lite2": EfficientNetLite2, "vgg16_stride8": Vgg16Stride8}


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
    return TRUNKS[name].normalisation if name in TRUNKS else timm_normalisation(name)
