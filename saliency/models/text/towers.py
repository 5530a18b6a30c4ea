"""Networks of the text encoders: ids in, token states and one vector per sentence out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

# (T, L) ids and (T, L) mask, true on tokens -> (T, L, D) token states and (T, D') sentence vectors.
Tower = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


class ClipTower(nn.Module):
    """CLIP's text tower: states after the last norm, and the projected state of the end-of-text token.

    Args:
        clip: open_clip's ``CLIP``; only its text half is used.
    """

    def __init__(self, clip: Any) -> None:
        super().__init__()
        self.token_embedding = clip.token_embedding
        self.positional_embedding = clip.positional_embedding
        self.transformer = clip.transformer
        self.ln_final = clip.ln_final
        self.text_projection = clip.text_projection
        self.register_buffer("attn_mask", clip.attn_mask, persistent=False)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Ids and mask (T, L) to token states (T, L, D) and sentence vectors (T, D')."""
        # The attention is causal: padding after the end-of-text token changes nothing, so L may be shorter than 77.
        length = ids.shape[1]
        states = self.token_embedding(ids) + self.positional_embedding[:length]
        states = self.ln_final(self.transformer(states, attn_mask=self.attn_mask[:length, :length]))
        end = mask.sum(dim=1) - 1
        return states, states[torch.arange(len(ids)), end] @ self.text_projection


def ids_only(ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """Ids only."""
    return torch.zeros(*ids.shape, 0), torch.zeros(len(ids), 0)
