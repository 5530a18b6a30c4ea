"""The transformer decoder of VirTex (Desai, Johnson, CVPR 2021), which also returns its cross-attention."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Decoded(NamedTuple):
    """The state behind each token (T, L, C), and the last layer's cross-attention (T, L, K), rows sum to 1."""

    states: Tensor
    attention: Tensor | None


class DecoderLayer(nn.TransformerDecoderLayer):
    """PyTorch's post-norm decoder layer, its parameters and their names, with the weights of its cross-attention."""

    def attend(self, words: Tensor, picture: Tensor, causal: Tensor, attention: bool) -> Decoded:
        """Words (T, L, C) read the words before them and the cells (N, K, C) of their picture.

        Args:
            words: of T = n N captions, the n of a picture next to each other.
            causal: (L, L) bool, true where a word (row) must not read another one (column).
            attention: return the cross-attention, the mean over its heads.
        """
        own, _ = self.self_attn(words, words, words, attn_mask=causal, is_causal=True, need_weights=False)
        words = self.norm1(words + self.dropout1(own))
        # The captions of a picture are one row of queries: its keys and values are computed once.
        queries = words.reshape(len(picture), -1, words.shape[-1])
        read, weights = self.multihead_attn(queries, picture, picture, need_weights=attention)
        words = self.norm2(words + self.dropout2(read.reshape(words.shape)))
        inner = self.linear2(self.dropout(self.activation(self.linear1(words))))
        words = self.norm3(words + self.dropout3(inner))
        return Decoded(words, weights.reshape(*words.shape[:2], -1) if attention else None)


class Decoder(nn.Module):
    """Some `DecoderLayer`, each word reading the words before it alone.

    Args:
        channels, heads, layers: of the transformer; its feed-forward layers are four times as wide.
        dropout: in training.
    """

    def __init__(self, channels: int, heads: int, layers: int, dropout: float):
        super().__init__()
        self.layers = nn.ModuleList(
            DecoderLayer(channels, heads, 4 * channels, dropout, "gelu", batch_first=True) for _ in range(layers)
        )

    def forward(self, words: Tensor, picture: Tensor, attention: bool = False) -> Decoded:
        """Words (T, L, C) about pictures (N, K, C), see `DecoderLayer.attend`."""
        length = words.shape[1]
        causal = torch.ones(length, length, dtype=torch.bool, device=words.device).triu(1)
        decoded = Decoded(words, None)
        for layer in self.layers:
            decoded = layer.attend(decoded.states, picture, causal, attention and layer is self.layers[-1])
        return decoded


class WordEmbedding(nn.Module):
    """Embeddings of tokens and of their positions, summed and normalised.

    Args:
        vocabulary: number of tokens.
        length: number of positions.
        padding: token whose embedding stays zero.
    """

    def __init__(self, vocabulary: int, length: int, channels: int, dropout: float, padding: int):
        super().__init__()
        self.words = nn.Embedding(vocabulary, channels, padding_idx=padding)
        self.positions = nn.Embedding(length, channels)
        self.norm = nn.LayerNorm(channels, eps=1e-8)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Tokens (T, L) to (T, L, C)."""
        places = torch.arange(tokens.shape[1], device=tokens.device)
        return self.dropout(self.norm(self.words(tokens) + self.positions(places)))
