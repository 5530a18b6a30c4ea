"""Whether a picture shows what a sentence is about."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .pointing import GroundingOutput


class Presence(nn.Module):
    """A logit per sentence that the picture shows what it is about, from the evidence of its words.

    The evidence of a word is the strongest value of its map, the regions that it points at, and the word itself.
    Weights of its own say how much each word counts.

    Args:
        dim: channels of the space of words and regions.
        width: channels of the hidden layer.
    """

    def __init__(self, dim: int, width: int = 64):
        super().__init__()
        self.word = nn.Linear(dim, width)
        self.region = nn.Linear(dim, width, bias=False)
        self.strength = nn.Linear(2, width, bias=False)
        self.weight = nn.Linear(width, 1, bias=False)
        self.evidence = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, 1))

    def forward(self, keys: Tensor, pointing: GroundingOutput, words: Tensor) -> Tensor:
        """Logits (N,) of N sentences; 0 for a sentence without words.

        Args:
            keys: (N, dim, h, w) unit vectors of the regions, see `Pointing.keys`.
            pointing: of the sentences' words in the regions.
            words: (N, L) bool, false on tokens that are no words.
        """
        maps = pointing.word_maps.float().flatten(2)
        places = maps / maps.sum(dim=-1, keepdim=True).clamp_min(1e-6)
        regions = places.to(keys.dtype) @ keys.flatten(2).transpose(1, 2)
        strongest = torch.logit(maps.amax(dim=-1), eps=1e-4)
        strength = torch.stack([strongest, torch.logit(maps.mean(dim=-1), eps=1e-4)], dim=-1)
        hidden = self.word(pointing.words[:, 1:]) + self.region(regions) + self.strength(strength)
        hidden = nn.functional.gelu(hidden)
        weight = torch.softmax(self.weight(hidden)[..., 0].float().masked_fill(~words, float("-inf")), dim=1)
        return (torch.nan_to_num(weight) * self.evidence(hidden)[..., 0].float()).sum(dim=1)
