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
        levels = torch.stack([maps.amax(dim=-1), maps.mean(dim=-1)], dim=-1).clamp(1e-4, 1 - 1e-4)
        strength = torch.log(levels / (1 - levels))  # not torch.logit, which OpenVINO has not
        hidden = self.word(pointing.words[:, 1:]) + self.region(regions) + self.strength(strength)
        hidden = nn.functional.gelu(hidden)
        weight = self.weight(hidden)[..., 0].float().masked_fill(~words, float("-inf"))
        weight = torch.where(words, torch.softmax(weight, dim=1), 0.0)  # not NaN where there are no words
        return (weight * self.evidence(hidden)[..., 0].float()).sum(dim=1)
