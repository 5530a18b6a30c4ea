"""Image trunks: pictures in, feature maps at several strides out.

`build_trunk` is the one door. A trunk's ``forward(pixels)`` returns ``{stride: (N, C, H/stride, W/stride)}`` for the
strides asked for, and ``channels`` says how many channels each has. Where a stride does not divide the picture's sides,
ResNet rounds up and DenseNet rounds down.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..torchvision_compat import ensure_torchvision


class Affine(nn.Module):
    """Scale and shift a channel: a batch norm whose statistics are frozen at mean 0 and variance 1."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        # In the dtype of x: under autocast a float32 scale would widen every activation of the trunk.
        weight, bias = self.weight.to(x.dtype)[:, None, None], self.bias.to(x.dtype)[:, None, None]
        return torch.addcmul(bias, x, weight)


class _Unit(nn.Module):
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
                block.append(_Unit(inputs, width, stride if number == units - 1 else 1))
                inputs = 4 * width
            self.blocks.append(block)
        self.norm = Affine(1024)
        self.deep = None
        if 32 in self.levels:
            self.deep = nn.Sequential(nn.AvgPool2d(2, ceil_mode=True), nn.Conv2d(1024, self.channels[32], 1), nn.ReLU())

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
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

    def start_from(self, weights: dict[str, Tensor]) -> set[str]:
        """Load pre-trained tensors; the stride-32 convolution, which they lack, keeps its initialisation.

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


def _shape(tensors: dict[str, Tensor], name: str) -> torch.Size | None:
    return tensors[name].shape if name in tensors else None


def max_pool_same(x: Tensor) -> Tensor:
    """3x3 max-pooling of stride 2, padded as TensorFlow's SAME: the odd pixel goes to the bottom and right."""
    pads = []
    for size in (x.shape[-1], x.shape[-2]):
        total = max((math.ceil(size / 2) - 1) * 2 + 3 - size, 0)
        pads += [total // 2, total - total // 2]
    return F.max_pool2d(F.pad(x, pads, value=float("-inf")), 3, stride=2)


class DenseNet161(nn.Module):
    """DenseNet-161 (Huang et al., CVPR 2017), tapped behind its dense blocks, before the transitions.

    Args:
        levels: strides among 4, 8, 16, 32.
        final_norm: stride 32 behind the last batch norm and a ReLU (GSGNet) instead of raw (TranSalNet).
        pretrained: ImageNet weights from torchvision, which needs a network the first time.
    """

    def __init__(self, levels: Sequence[int], final_norm: bool = False, pretrained: bool = False):
        super().__init__()
        ensure_torchvision()
        from torchvision.models import DenseNet161_Weights, densenet161

        self.levels = tuple(levels)
        self.channels = {4: 384, 8: 768, 16: 2112, 32: 2208}
        self.final_norm = final_norm
        self.features = densenet161(weights=DenseNet161_Weights.DEFAULT if pretrained else None).features
        if not final_norm:
            del self.features.norm5

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        found: dict[int, Tensor] = {}
        x = pixels
        for name, layer in self.features.named_children():
            x = layer(x)
            if name.startswith("denseblock"):
                found[2 ** (int(name[-1]) + 1)] = x
        if self.final_norm:
            found[32] = F.relu(x)
        return {level: found[level] for level in self.levels}


class TimmTrunk(nn.Module):
    """A trunk of timm by its name there, such as ``tf_efficientnet_lite2`` or ``pvt_v2_b3``.

    Batch norms stay in evaluation mode, as batches of eight pictures are too small for their statistics; their scales
    and shifts are trained.

    Args:
        levels: strides the architecture has.
        pretrained: timm's weights, which needs a network the first time.

    Raises:
        ValueError: the architecture has no feature map of a stride asked for.
    """

    def __init__(self, name: str, levels: Sequence[int], pretrained: bool = False):
        super().__init__()
        ensure_torchvision()
        import timm

        with torch.device("meta"):
            strides = timm.create_model(name, features_only=True).feature_info.reduction()
        missing = [level for level in levels if level not in strides]
        if missing:
            raise ValueError(f"{name} has feature maps at strides {strides}, not at {missing}")
        self.levels = tuple(levels)
        indices = [strides.index(level) for level in self.levels]
        self.features = timm.create_model(name, features_only=True, out_indices=indices, pretrained=pretrained)
        self.channels = dict(zip(self.levels, self.features.feature_info.channels(), strict=True))

    def train(self, mode: bool = True) -> TimmTrunk:
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
        return self

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        return dict(zip(self.levels, self.features(pixels), strict=True))

    def start_from(self, weights: dict[str, Tensor]) -> set[str]:
        """Load pre-trained tensors by timm's names; those of later layers, such as the classifier, are not used.

        Returns:
            names of the loaded tensors in this module.

        Raises:
            ValueError: a tensor of the trunk is missing or of another shape; nothing is taken over then.
        """
        own = self.features.state_dict()
        wrong = [name for name in own if _shape(own, name) != _shape(weights, name)]
        if wrong:
            raise ValueError(f"not the weights of this trunk: {sorted(wrong)[:3]}")
        self.features.load_state_dict({name: weights[name].float() for name in own})
        return {f"features.{name}" for name in own}


TRUNKS = {"resnet50_v2": ResNet50V2, "densenet161": DenseNet161}


def build_trunk(name: str, levels: Sequence[int], **options: bool) -> nn.Module:
    """A trunk that gives the strides `levels`: one of `TRUNKS`, else timm's of that name.

    `options` are its own (see its class).
    """
    if name in TRUNKS:
        return TRUNKS[name](levels, **options)
    return TimmTrunk(name, levels, **options)
