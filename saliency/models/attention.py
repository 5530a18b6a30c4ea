"""Transformer layers over tokens (N, L, C), with attention that skips padding. No dropout inside attention."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Attention(nn.Module):
    """Multi-head attention of queries (N, Q, C) over a context (N, K, D), query-key-value projections with biases."""

    def __init__(self, channels: int, heads: int, context_channels: int | None = None):
        super().__init__()
        self.heads = heads
        context_channels = context_channels or channels
        self.query = nn.Linear(channels, channels)
        self.key = nn.Linear(context_channels, channels)
        self.value = nn.Linear(context_channels, channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Attend from queries to keys.

        Args:
            x: (N, Q, C) queries.
            context: (N, K, D) keys and values; None is self-attention.
            mask: (N, K) bool, false on keys to leave out; every row needs at least one true.
        """
        context = x if context is None else context
        q, k, v = (self._split(layer(t)) for layer, t in ((self.query, x), (self.key, context), (self.value, context)))
        mask = None if mask is None else mask[:, None, None, :]
        attended = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(attended.transpose(1, 2).flatten(2))

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class MLP(nn.Sequential):
    """Two linear layers with GELU between, `ratio` times wider inside."""

    def __init__(self, channels: int, ratio: int = 4, dropout: float = 0.0):
        super().__init__(
            nn.Linear(channels, ratio * channels),
            nn.GELU(),
            nn.Dropout(dropout),
            nn.Linear(ratio * channels, channels),
            nn.Dropout(dropout),
        )


class EncoderLayer(nn.Module):
    """Pre-norm self-attention and MLP, the layer of ViT (Dosovitskiy et al., ICLR 2021)."""

    def __init__(self, channels: int, heads: int, ratio: int = 4, dropout: float = 0.0, eps: float = 1e-6):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels, eps)
        self.attention = Attention(channels, heads)
        self.norm2 = nn.LayerNorm(channels, eps)
        self.mlp = MLP(channels, ratio, dropout)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Tokens (N, L, C) to tokens of the same shape; `mask` (N, L) is false on keys to leave out."""
        x = x + self.attention(self.norm1(x), mask=mask)
        return x + self.mlp(self.norm2(x))


class CrossAttentionLayer(nn.Module):
    """Self-attention among picture tokens, gated cross-attention to word tokens, MLP.

    The gate starts at zero, so a new layer leaves the words unread.

    Args:
        word_channels: of the word tokens, where they have not as many as the picture's.
    """

    def __init__(
        self, channels: int, heads: int, ratio: int = 4, dropout: float = 0.0, word_channels: int | None = None
    ):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attention = Attention(channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.cross_attention = Attention(channels, heads, word_channels)
        self.gate = nn.Parameter(torch.zeros(channels))
        self.norm3 = nn.LayerNorm(channels)
        self.mlp = MLP(channels, ratio, dropout)

    def forward(self, x: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """Picture tokens (N, L, C), word tokens (N, K, D) and their mask (N, K) to (N, L, C)."""
        x = x + self.attention(self.norm1(x))
        x = x + self.gate * self.cross_attention(self.norm2(x), words, mask)
        return x + self.mlp(self.norm3(x))
