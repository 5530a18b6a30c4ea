"""ResNet-50 v2 (He et al., ECCV 2016), for its weights: Apache-2.0, without batch statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Affine(nn.Module):
    """Scale and shift a channel: a batch norm whose statistics are frozen at mean 0 and variance 1."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """Scale and shift each channel of (N, C, H, W), in the number format of `x`."""
        # In the dtype of x: under autocast a float32 scale would widen every activation of the trunk.
        weight, bias = self.weight.to(x.dtype)[:, None, None], self.bias.to(x.dtype)[:, None, None]
        return torch.addcmul(bias, x, weight)


class _PreActBottleneck(nn.Module):
    """Pre-activation bottleneck of ResNet v2 (He et al., ECCV 2016)."""

    def __init__(self, inputs: int, width: int, stride: int):
        super().__init__()
        outputs = 4 * width
        self.preact = Affine(inputs)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride=stride) if inputs != outputs else None
        self.conv1 = nn.Conv2d(inputs, width, 1)
        self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1)
        self.conv3 = nn.Conv2d(width, outputs, 1)
        self.stride = stride

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The unit's output and its normalised input relu(preact(x)), which is also where a stride is tapped."""
        active = F.relu(self.preact(x))
        shortcut = self.shortcut(active) if self.shortcut is not None else x[..., :: self.stride, :: self.stride]
        y = self.conv3(F.relu(self.conv2(F.relu(self.conv1(active)))))
        return shortcut + y, active


class ResNet50V2(nn.Module):
    """ResNet-50 v2 up to its third block, stride 16; stride 32 is a pooling and a convolution of its own on top.

    Pictures: RGB, ``x / 127.5 - 1``. The stride of a block sits on its last unit, so strides 4 and 8 are tapped in
    front of that unit. Max-pooling pads at the bottom and right as TensorFlow's SAME does.
    """

    def __init__(self, levels: Sequence[int]):
        super().__init__()
        self.levels = tuple(levels)
        self.channels = {4: 256, 8: 512, 16: 1024, 32: 512}
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3)
        self.blocks = nn.ModuleList()
        inputs = 64
        for units, width, stride in ((3, 64, 2), (4, 128, 2), (6, 256, 1)):
            block = nn.ModuleList()
            for number in range(units):
                block.append(_PreActBottleneck(inputs, width, stride if number == units - 1 else 1))
                inputs = 4 * width
            self.blocks.append(block)
        self.norm = Affine(1024)
        self.deep = None
        if 32 in self.levels:
            self.deep = nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(1024, self.channels[32], 1), nn.ReLU())

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        """Pixels (N, 3, H, W) to the levels by stride, (N, C, H / stride, W / stride)."""
        x = max_pool_same(self.conv1(pixels))
        found: dict[int, Tensor] = {}
        for block, stride in zip(self.blocks, (4, 8, 16), strict=True):
            for unit in block:
                x, active = unit(x)
            found[stride] = active
        found[16] = F.relu(self.norm(x))
        if self.deep is not None:
            found[32] = self.deep(found[16])
        return {level: found[level] for level in self.levels}

    def start_from(self, weights: Mapping[str, Tensor], text_encoder: str | None = None) -> set[str]:
        """Load pre-trained tensors; the stride-32 convolution, which they lack, stays as it is initialised.

        Args:
            text_encoder: not needed by a trunk.

        Returns:
            names of the loaded tensors in this module.

        Raises:
            ValueError: a tensor is missing, unknown or of another shape; nothing is taken over then.
        """
        known = {name: value.float() for name, value in weights.items() if not _is_statistic(name)}
        own = {name: value for name, value in self.state_dict().items() if not name.startswith("deep.")}
        wrong = [name for name in own.keys() | known.keys() if _shape(own, name) != _shape(known, name)]
        if wrong:
            raise ValueError(f"not the weights of a ResNet-50 v2: {sorted(wrong)[:3]}")
        self.load_state_dict(known, strict=False)
        return set(known)


def _is_statistic(name: str) -> bool:
    return name.endswith(("running_mean", "running_var", "num_batches_tracked"))


def _shape(tensors: Mapping[str, Tensor], name: str) -> torch.Size | None:
    return tensors[name].shape if name in tensors else None


def max_pool_same(x: Tensor) -> Tensor:
    """3x3 max-pooling of stride 2, padded as TensorFlow's SAME: the odd pixel goes to the bottom and right."""
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max((math.ceil(size / 2) - 1) * 2 + 3 - size, 0)
        pads += [total // 2, total - total // 2]
    return F.max_pool2d(F.pad(x, pads, value=float("-inf")), 3, stride=2)
