"""EfficientNet-Lite2 (Liu et al., TensorFlow blog, March 2020), after EfficientNet (Tan and Le, ICML 2019).

timm has the same network as ``tf_efficientnet_lite2``; here are the layers alone, as importing timm takes two seconds.
The tensors have timm's names.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .trunk import HALVES, Trunk, check_levels

NAME = "tf_efficientnet_lite2"
EXPANSION = 6
EPSILON = 1e-3
STEM = 32
# Of each stage: kernel, stride of its first block, channels, number of blocks.
STAGES = (
    (3, 1, 16, 1),
    (3, 2, 24, 3),
    (5, 2, 48, 3),
    (3, 2, 88, 4),
    (5, 1, 120, 4),
    (5, 2, 208, 5),
    (3, 1, 352, 1),
)
# Strides of the feature maps, and the stage that each is the output of: the last one of its stride.
LEVELS = {2: 0, 4: 1, 8: 2, 16: 4, 32: 6}


class EfficientNetLite2(Trunk):
    """EfficientNet-Lite2 up to the largest of the levels, without the classifier.

    Args:
        levels: some of the strides 2, 4, 8, 16 and 32.

    Raises:
        ValueError: another stride is asked for.
    """

    normalisation = HALVES

    def __init__(self, levels: Sequence[int]):
        check_levels(NAME, levels, LEVELS)
        known = {stride: stage for stride, stage in LEVELS.items() if stride <= max(levels)}
        channels = {stride: STAGES[stage][2] for stride, stage in known.items()}
        super().__init__(NAME, _Features(tuple(known.values())), channels, levels)


class _Features(nn.Module):
    """Pixels (N, 3, H, W) to the outputs of stages, (N, C, ceil(H / stride), ceil(W / stride)).

    Args:
        given: numbers of these stages, in rising order.
    """

    def __init__(self, given: tuple[int, ...]) -> None:
        super().__init__()
        self.given = given
        self.conv_stem = _SameConv2d(3, STEM, 3, stride=2)
        self.bn1 = nn.BatchNorm2d(STEM, EPSILON)
        stages, inputs = [], STEM
        for number, (kernel, stride, channels, blocks) in enumerate(STAGES[: given[-1] + 1]):
            block = _InvertedResidual if number else _Separable
            stages.append(
                nn.Sequential(
                    block(inputs, channels, kernel, stride),
                    *(block(channels, channels, kernel, 1) for _ in range(blocks - 1)),
                )
            )
            inputs = channels
        self.blocks = nn.Sequential(*stages)

    def forward(self, pixels: Tensor) -> list[Tensor]:
        x = F.relu6(self.bn1(self.conv_stem(pixels)), inplace=True)
        outputs = []
        for stage in self.blocks:
            x = stage(x)
            outputs.append(x)
        return [outputs[stage] for stage in self.given]


class _Separable(nn.Module):
    """A depthwise and a pointwise convolution."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int):
        super().__init__()
        self.conv_dw = _SameConv2d(inputs, inputs, kernel, stride, groups=inputs)
        self.bn1 = nn.BatchNorm2d(inputs, EPSILON)
        self.conv_pw = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.bn1(self.conv_dw(x)), inplace=True)
        return self.bn2(self.conv_pw(x))


class _InvertedResidual(nn.Module):
    """MobileNetV2's block: wider, a depthwise convolution, narrower; its input is added where the shapes agree."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int):
        super().__init__()
        wide = inputs * EXPANSION
        self.residual = stride == 1 and inputs == outputs
        self.conv_pw = nn.Conv2d(inputs, wide, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(wide, EPSILON)
        self.conv_dw = _SameConv2d(wide, wide, kernel, stride, groups=wide)
        self.bn2 = nn.BatchNorm2d(wide, EPSILON)
        self.conv_pwl = nn.Conv2d(wide, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs, EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        wide = F.relu6(self.bn1(self.conv_pw(x)), inplace=True)
        wide = F.relu6(self.bn2(self.conv_dw(wide)), inplace=True)
        narrow = self.bn3(self.conv_pwl(wide))
        return narrow + x if self.residual else narrow


class _SameConv2d(nn.Conv2d):
    """A convolution without bias whose output has ``ceil(side / stride)`` pixels.

    As in TensorFlow, an odd row of padding is at the bottom and an odd column at the right.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, groups: int = 1):
        # Of stride 1 the padding is the same on all sides.
        padding = kernel // 2 if stride == 1 else 0
        super().__init__(inputs, outputs, kernel, stride, padding, groups=groups, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        if self.stride == (1, 1):
            return super().forward(x)
        height, width = (self._padding(side) for side in x.shape[-2:])
        return super().forward(F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)))

    def _padding(self, side: int) -> int:
        kernel, stride = self.kernel_size[0], self.stride[0]
        return max((-(-side // stride) - 1) * stride + kernel - side, 0)
