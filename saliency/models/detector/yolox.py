"""YOLOX-nano (Ge et al., arXiv 2107.08430), an object detector on the 80 classes of COCO.

Its batch norms are folded into the convolutions.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_CLASSES = """
person, bicycle, car, motorcycle, airplane, bus, train, truck, boat, traffic light, fire hydrant, stop sign,
parking meter, bench, bird, cat, dog, horse, sheep, cow, elephant, bear, zebra, giraffe, backpack, umbrella,
handbag, tie, suitcase, frisbee, skis, snowboard, ball, kite, baseball bat, baseball glove, skateboard,
surfboard, tennis racket, bottle, wine glass, cup, fork, knife, spoon, bowl, banana, apple, sandwich, orange,
broccoli, carrot, hot dog, pizza, donut, cake, chair, couch, potted plant, bed, table, toilet, television,
laptop, mouse, remote, keyboard, phone, microwave, oven, toaster, sink, refrigerator, book, clock, vase,
scissors, teddy bear, hair dryer, toothbrush
"""
NAMES = tuple(name.strip() for name in _CLASSES.replace("\n", " ").split(","))

STRIDES = (8, 16, 32)
FEATURES = 64 + 128 + 256  # channels of the heads' inputs


def _conv(inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups), nn.SiLU())


def _separable(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(_conv(inputs, inputs, 3, stride, inputs), _conv(inputs, outputs))


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, residual: bool):
        super().__init__()
        self.layers = nn.Sequential(_conv(channels, channels), _separable(channels, channels))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x) if self.residual else self.layers(x)


class _CSPLayer(nn.Module):
    """Cross-stage partial block: half of the channels pass the bottlenecks, half do not."""

    def __init__(self, inputs: int, outputs: int, bottlenecks: int = 1, residual: bool = False):
        super().__init__()
        half = outputs // 2
        self.through = _conv(inputs, half)
        self.past = _conv(inputs, half)
        self.bottlenecks = nn.Sequential(*(_Bottleneck(half, residual) for _ in range(bottlenecks)))
        self.merge = _conv(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.merge(torch.cat([self.bottlenecks(self.through(x)), self.past(x)], dim=1))


class _SPPBottleneck(nn.Module):
    """Spatial pyramid pooling: maxima over windows of 5, 9 and 13 beside the features themselves."""

    def __init__(self, channels: int):
        super().__init__()
        self.squeeze = _conv(channels, channels // 2)
        self.merge = _conv(2 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze(x)
        # Twice a window of 5 is one of 9, three times one of 13.
        five = F.max_pool2d(x, 5, 1, 2)
        nine = F.max_pool2d(five, 5, 1, 2)
        return self.merge(torch.cat([x, five, nine, F.max_pool2d(nine, 5, 1, 2)], dim=1))


class _Head(nn.Module):
    """Per cell: class logits (80), box (centre offset, log of the size) and objectness logit."""

    def __init__(self, inputs: int, width: int = 64):
        super().__init__()
        self.stem = _conv(inputs, width)
        self.class_branch = nn.Sequential(_separable(width, width), _separable(width, width))
        self.classes = nn.Conv2d(width, len(NAMES), 1)
        self.box_branch = nn.Sequential(_separable(width, width), _separable(width, width))
        self.box = nn.Conv2d(width, 4, 1)
        self.objectness = nn.Conv2d(width, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (N, cells, 4) raw and scores (N, cells, 80) in [0, 1]."""
        x = self.stem(x)
        where = self.box_branch(x)
        scores = torch.sigmoid(self.objectness(where).float()) * torch.sigmoid(
            self.classes(self.class_branch(x)).float()
        )
        return self.box(where).float().flatten(2).transpose(1, 2), scores.flatten(2).transpose(1, 2)


class YOLOXNano(nn.Module):
    """YOLOX-nano. The layers are defined in the order the data passes them, which is that of the ONNX file."""

    def __init__(self):
        super().__init__()
        self.stem = _conv(12, 16, 3)
        self.stage4 = nn.Sequential(_separable(16, 32, 2), _CSPLayer(32, 32, 1, True))
        self.stage8 = nn.Sequential(_separable(32, 64, 2), _CSPLayer(64, 64, 3, True))
        self.stage16 = nn.Sequential(_separable(64, 128, 2), _CSPLayer(128, 128, 3, True))
        self.stage32 = nn.Sequential(_separable(128, 256, 2), _SPPBottleneck(256), _CSPLayer(256, 256))
        self.lateral32 = _conv(256, 128)
        self.up16 = _CSPLayer(256, 128)
        self.lateral16 = _conv(128, 64)
        self.up8 = _CSPLayer(128, 64)
        self.down8 = _separable(64, 64, 2)
        self.down16 = _CSPLayer(128, 128)
        self.down16_32 = _separable(128, 128, 2)
        self.down32 = _CSPLayer(256, 256)
        self.heads = nn.ModuleList(_Head(channels) for channels in (64, 128, 256))

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Boxes, scores and the heads' inputs.

        Args:
            pictures: (N, 3, H, W) BGR in 0..255, sides multiples of 32.

        Returns:
            Boxes (N, cells, 4) as centre x, y, width, height in pixels; scores (N, cells, 80) in [0, 1]; inputs of the
            heads (N, 64, H / 8, W / 8), (N, 128, H / 16, W / 16) and (N, 256, H / 32, W / 32).
        """
        corners = [pictures[..., y::2, x::2] for x in (0, 1) for y in (0, 1)]
        x8 = self.stage8(self.stage4(self.stem(torch.cat(corners, dim=1))))
        x16 = self.stage16(x8)
        lateral32 = self.lateral32(self.stage32(x16))
        lateral16 = self.lateral16(self.up16(torch.cat([_double(lateral32), x16], dim=1)))
        level8 = self.up8(torch.cat([_double(lateral16), x8], dim=1))
        level16 = self.down16(torch.cat([self.down8(level8), lateral16], dim=1))
        level32 = self.down32(torch.cat([self.down16_32(level16), lateral32], dim=1))
        levels = level8, level16, level32
        found = [head(level) for head, level in zip(self.heads, levels, strict=True)]
        boxes = [_placed(raw, level, stride) for (raw, _), level, stride in zip(found, levels, STRIDES, strict=True)]
        return torch.cat(boxes, dim=1), torch.cat([scores for _, scores in found], dim=1), levels

    def start_from(self, weights: Mapping[str, Tensor]) -> None:
        """Load pre-trained convolutions.

        Args:
            weights: ``N.weight`` and ``N.bias`` of the N-th convolution, in the order the data passes them.

        Raises:
            ValueError: their number or a shape differs; nothing is loaded then.
        """
        layers = [layer for layer in self.modules() if isinstance(layer, nn.Conv2d)]
        own = {f"{n}.{name}": value for n, layer in enumerate(layers) for name, value in layer.named_parameters()}
        if {name: value.shape for name, value in own.items()} != {name: v.shape for name, v in weights.items()}:
            raise ValueError("not the convolutions of a YOLOX-nano")
        for name, value in own.items():
            value.data.copy_(weights[name])


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _placed(raw: Tensor, level: Tensor, stride: int) -> Tensor:
    """Raw boxes (N, cells, 4) of a level (N, C, h, w) in pixels."""
    height, width = level.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    cells = torch.stack([x, y], dim=-1).reshape(-1, 2).to(raw)
    return torch.cat([(raw[..., :2] + cells) * stride, raw[..., 2:].exp() * stride], dim=-1)
