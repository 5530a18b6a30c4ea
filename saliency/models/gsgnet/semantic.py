"""GSGNet's attention blocks: the semantic tensor, and its fusion with each level."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..blocks import ChannelLayerNorm, FeedForward, resize


class Residual(nn.Module):
    """x + f(x)."""

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """Add `inner` of the features, which has their shape."""
        return x + self.inner(x)


def positional(channels: int) -> Residual:
    """Depthwise convolution as positional encoding: x + DW7x7(x)."""
    return Residual(nn.Conv2d(channels, channels, 7, padding=3, groups=channels))


def feed_forward(channels: int) -> Residual:
    """Residual feed-forward block: x + FFN(LN(x))."""
    return Residual(nn.Sequential(ChannelLayerNorm(channels), FeedForward(channels)))


class HeadConv3d(nn.Conv3d):
    """3x7x7 convolution of (N, width, heads, H, W): squeezes each head's channels with its neighbours'."""

    def __init__(self, width: int, squeezed: int):
        super().__init__(width, squeezed, (3, 7, 7), padding=(1, 3, 3), bias=False)
        nn.init.trunc_normal_(self.weight, std=0.02)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> HeadConv3d:
        """Shows `fn` the weight with four dimensions: ``model.to(memory_format=channels_last)`` refuses five."""
        return super()._apply(lambda t: fn(t.flatten(1, 2)).unflatten(1, t.shape[1:3]), recurse)


class CSSA(nn.Module):
    """Channel-squeeze spatial attention: queries and keys of few channels, values of all.

    Args:
        query_channels: of the query's source; also of the output.
        context_channels: of the source of keys and values.
        heads: of the attention.
        squeeze: fraction of a head's channels that queries and keys keep.
    """

    def __init__(self, query_channels: int, context_channels: int, heads: int = 4, squeeze: float = 0.25):
        super().__init__()
        width = query_channels // heads
        squeezed = min(math.floor(squeeze * width + 1), width)
        self.heads = heads
        self.scale = width**-0.5
        self.query = nn.Conv2d(query_channels, query_channels, 1, bias=False)
        self.key = nn.Conv2d(context_channels, query_channels, 1, bias=False)
        self.value = nn.Conv2d(context_channels, query_channels, 1, bias=False)
        self.squeeze_query = HeadConv3d(width, squeezed)
        self.squeeze_key = HeadConv3d(width, squeezed)
        self.softmax = nn.Softmax(dim=-1)  # a module, so that a hook can see the attention (N, heads, queries, keys)

    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        """(N, query_channels, H, W) from `x` of that shape and `context` (N, context_channels, H', W')."""
        query = self.squeeze_query(self._heads(self.query(x)).transpose(1, 2)).transpose(1, 2).flatten(3)
        key = self.squeeze_key(self._heads(self.key(context)).transpose(1, 2)).transpose(1, 2).flatten(3)
        value = self._heads(self.value(context)).flatten(3)
        attention = self.softmax(query.transpose(2, 3) @ key * self.scale)
        return (value @ attention.transpose(2, 3)).flatten(1, 2).unflatten(2, x.shape[-2:])

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(1, (self.heads, -1))


class SAIB(nn.Module):
    """Spatial attention inception block: f5 to the semantic tensor f_s, attending to two 3x3 summaries of itself."""

    SUMMARY = (3, 3)

    def __init__(self, channels: int, heads: int):
        super().__init__()
        self.positions = positional(channels)
        self.norms = nn.ModuleList(ChannelLayerNorm(channels) for _ in range(2))
        self.attentions = nn.ModuleList(CSSA(channels, channels, heads) for _ in range(2))
        self.merge = nn.Sequential(ChannelLayerNorm(2 * channels), nn.Conv2d(2 * channels, channels, 1))
        self.feed_forward = feed_forward(channels)

    def forward(self, x: Tensor) -> Tensor:
        """Features (N, C, H, W) to the semantic tensor of the same shape."""
        x = self.positions(x)
        branches = []
        for norm, attention, summarise in zip(
            self.norms, self.attentions, (resize, F.adaptive_avg_pool2d), strict=True
        ):
            normed = norm(x)
            branches.append(x + attention(normed, summarise(normed, self.SUMMARY)))
        return self.feed_forward(self.merge(torch.cat(branches, dim=1)))


class LGFB(nn.Module):
    """Local-global fusion block: a level (N, C, H, W) fused with the semantic tensor f_s (N, C, h, w).

    The second half of the channels attends to f_s (global); the first half is filtered by kernels and masked by a map
    that both are made of f_s (local).

    Args:
        channels: C.
        heads: of the attention.
        reduction: the level is fused at 1/reduction of its size and enlarged again.
    """

    KERNEL = 7

    def __init__(self, channels: int, heads: int, reduction: int = 1):
        super().__init__()
        half = channels // 2
        self.reduction = reduction
        self.level_positions = positional(half)
        self.semantic_positions = positional(channels)
        self.level_norm = ChannelLayerNorm(half)
        self.semantic_norm = ChannelLayerNorm(channels)
        self.attention = CSSA(half, channels, heads)
        self.kernel_source = nn.Conv2d(channels, half, 1)
        self.embedding_norm = ChannelLayerNorm(half)
        self.mask = nn.Conv2d(channels, 1, 3, padding=1)
        self.mask_norm = ChannelLayerNorm(half)
        self.local_merge = nn.Conv2d(channels, half, 1)
        self.feed_forward = feed_forward(channels)
        last = 1 if reduction == 1 else 3
        self.last = nn.Conv2d(channels, channels, last, padding=last // 2)

    def forward(self, level: Tensor, semantic: Tensor) -> Tensor:
        """A level (N, C, H, W), fused with the semantic tensor (N, C, h, w); of the level's shape."""
        size = level.shape[-2:]
        x = resize(level, [-(-side // self.reduction) for side in size])
        local_half, global_half = x.chunk(2, dim=1)
        fused = torch.cat([self._global(global_half, semantic), self._local(local_half, semantic)], dim=1)
        return self.last(resize(self.feed_forward(fused), size))

    def _global(self, x: Tensor, semantic: Tensor) -> Tensor:
        query = self.level_positions(x)
        context = self.semantic_positions(semantic)
        return query + self.attention(self.level_norm(query), self.semantic_norm(context))

    def _local(self, x: Tensor, semantic: Tensor) -> Tensor:
        filtered = filter_each(x, self._kernels(semantic))
        embedded = F.relu(self.embedding_norm(filtered)) + x
        masked = self.mask_norm(x * resize(torch.sigmoid(self.mask(semantic)), x.shape[-2:]))
        return self.local_merge(torch.cat([embedded, masked], dim=1))

    def _kernels(self, semantic: Tensor) -> Tensor:
        """One 7x7 kernel per picture and channel (N, C/2, 7, 7), non-negative and summing to 1."""
        pooled = F.adaptive_max_pool2d(self.kernel_source(semantic), self.KERNEL)
        return torch.softmax(pooled.flatten(2), dim=-1).view_as(pooled)


def filter_each(x: Tensor, kernels: Tensor) -> Tensor:
    """Each channel of each picture (N, C, H, W) convolved with its own kernel (N, C, k, k); the size stays."""
    pictures, channels, height, width = x.shape
    kernels = kernels.reshape(pictures * channels, 1, *kernels.shape[-2:])
    padding = kernels.shape[-1] // 2
    flat = x.reshape(1, pictures * channels, height, width)
    return F.conv2d(flat, kernels.to(x.dtype), padding=padding, groups=len(kernels)).view(x.shape)
