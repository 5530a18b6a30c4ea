"""The loss of the grounding branch where it is trained with the whole model."""

from __future__ import annotations

import torch
from torch import Tensor

from ...losses import box_loss
from ..blocks import resize
from ..features import SaliencyOutput
from ..own_loss import Targets


def named_things(output: SaliencyOutput, targets: Targets) -> Tensor:
    """`named_loss` of a model's map of the things that its sentences name."""
    return named_loss(output.aux["named"], targets.named, targets.boxed)


def named_loss(maps: Tensor, masks: Tensor, boxed: Tensor) -> Tensor:
    """`box_loss` of the maps of named things against their boxes, over the samples whose boxes are known.

    Args:
        maps: (T, 1, h', w') in [0, 1].
        masks: (T, 1, h, w) in [0, 1].
        boxed: (T,) bool, whether the boxes of a sample are known.
    """
    if not boxed.any():
        return maps.sum() * 0.0
    resized = resize(maps[boxed].float(), masks.shape[-2:])[:, 0]
    return box_loss(torch.logit(resized, eps=1e-4), masks[boxed, 0])
