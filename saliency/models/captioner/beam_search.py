"""Beam search over sequences of tokens."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


class Sequences(NamedTuple):
    """The likeliest sequence of each picture.

    Attributes:
        tokens: (N, L) int64, the start and, if the length sufficed, the end among them; ends fill up shorter ones.
        log_probability: (N,) natural logarithm of the sequence's probability.
    """

    tokens: Tensor
    log_probability: Tensor


def beam_search(
    step: Callable[[Tensor], Tensor], count: int, start: int, end: int, length: int, beams: int = 5, per_beam: int = 2
) -> Sequences:
    """The likeliest sequences that were found, without length normalisation, as in VirTex.

    Args:
        step: log-probabilities (R, V) of the next token after sequences (R, l), the `beams` of a picture next to each
            other; at first there is one of each picture.
        count: N, number of pictures.
        start, end: tokens; a sequence does not go on behind its end.
        length: largest number of tokens, the start among them.
        beams: sequences that each step keeps of a picture.
        per_beam: next tokens tried for each of them.
    """
    first = torch.full((count, 1), start)
    scores = step(first)
    scores, tokens = scores.topk(min(beams, scores.shape[1]), dim=1)
    found = torch.cat([first[:, None].expand(-1, tokens.shape[1], -1).to(tokens.device), tokens[..., None]], dim=2)
    while found.shape[2] < length and not (found[..., -1] == end).all():
        scores, found = _extended(step, scores, found, end, beams, per_beam)
    best = scores.argmax(1)
    rows = torch.arange(count, device=best.device)
    return Sequences(found[rows, best], scores[rows, best])


def _extended(
    step: Callable[[Tensor], Tensor], scores: Tensor, found: Tensor, end: int, beams: int, per_beam: int
) -> tuple[Tensor, Tensor]:
    """The best `beams` sequences (N, B, l + 1) behind `found` (N, B, l), with their scores (N, B)."""
    following = step(found.flatten(0, 1)).unflatten(0, found.shape[:2])
    ended = found[..., -1:] == end
    silent = torch.full_like(following, -torch.inf)
    silent[..., end] = 0.0  # an ended sequence goes on with its end, at no cost
    following = following.where(~ended, silent)
    values, tokens = following.topk(min(per_beam, following.shape[2]), dim=2)
    totals = (scores[..., None] + values).flatten(1)
    best, places = totals.topk(min(beams, totals.shape[1]), dim=1)
    parents = places // tokens.shape[2]
    earlier = found.gather(1, parents[..., None].expand(-1, -1, found.shape[2]))
    return best, torch.cat([earlier, tokens.flatten(1).gather(1, places)[..., None]], dim=2)
