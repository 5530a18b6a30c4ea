"""What TranBlend makes of the picture's feature and the image-text feature."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class VectorUpsampler(nn.Module):
    """A vector (N, C) over the grid: out[c] = t[c] * K + b with one kernel K of the grid's size for all features.

    With `per_channel` every feature has its own kernel and bias.
    """

    def __init__(self, channels: int, size: tuple[int, int], per_channel: bool = False):
        super().__init__()
        groups = channels if per_channel else 1
        self.per_channel = per_channel
        self.kernel = nn.ConvTranspose2d(groups, groups, size, stride=size, groups=groups)

    def forward(self, vector: Tensor) -> Tensor:
        """A vector (N, C) to features (N, C, H, W) on the grid."""
        if self.per_channel:
            return self.kernel(vector[:, :, None, None])
        spread = self.kernel(vector.reshape(-1, 1, 1, 1))
        return spread.reshape(*vector.shape, *spread.shape[-2:])


class BlendNet(nn.Module):
    """Two convolutions on the image-text feature and the picture's, concatenated."""

    def __init__(self, channels: int, text_channels: int):
        super().__init__()
        self.conv1 = nn.Conv2d(text_channels + channels, channels, 3, padding=1)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.BatchNorm2d(channels)

    def forward(self, picture: Tensor, text: Tensor) -> Tensor:
        """Features of picture (N, C, H, W) and text (N, C', H, W) to (N, C, H, W)."""
        x = F.relu(self.norm1(self.conv1(torch.cat([text, picture], dim=1))))
        return F.relu(self.norm2(self.conv2(x)))

    @torch.no_grad()
    def start_as_identity(self) -> None:
        """Pass the picture's half through and drop the text's: the output equals TranSalNet's.

        Exact because the next thing after blending is a ReLU, and ReLU is idempotent.
        """
        for conv, norm in ((self.conv1, self.norm1), (self.conv2, self.norm2)):
            conv.weight.zero_()
            conv.bias.zero_()
            offset = conv.in_channels - conv.out_channels
            channels = torch.arange(conv.out_channels)
            conv.weight[channels, offset + channels, 1, 1] = 1.0
            norm.reset_parameters()
            norm.weight.fill_((1 + norm.eps) ** 0.5)


class CrossAttention(nn.Module):
    """Cross-attention of the picture and the image-text feature: softmax(q k^T / sqrt(d)) v.

    Queries come from the image-text feature, keys and values from the picture.
    """

    def __init__(self, channels: int, text_channels: int, residual: bool = False):
        super().__init__()
        width = max(channels // 8, 1)
        self.query = nn.Sequential(nn.Conv2d(text_channels, width, 1), nn.BatchNorm2d(width))
        self.key = nn.Sequential(nn.Conv2d(channels, width, 1), nn.BatchNorm2d(width))
        self.value = nn.Sequential(nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels))
        self.residual = residual

    def attention(self, picture: Tensor, text: Tensor) -> Tensor:
        """(N, positions of the text, positions of the picture); rows sum to 1."""
        query, key = self.query(text).flatten(2), self.key(picture).flatten(2)
        return torch.softmax(query.transpose(1, 2) @ key / query.shape[1] ** 0.5, dim=-1)

    def forward(self, picture: Tensor, text: Tensor) -> Tensor:
        """Picture (N, C, H, W) and image-text feature (N, C', h, w) to (N, C, h, w)."""
        value = self.value(picture).flatten(2)
        attended = (value @ self.attention(picture, text).transpose(1, 2)).unflatten(2, text.shape[-2:])
        return picture + attended if self.residual else attended
