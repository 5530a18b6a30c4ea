"""The captioner's vocabulary: special tokens, and the most frequent pieces of a text encoder's tokeniser.

The ids of the special tokens are those of VirTex (Desai, Johnson, CVPR 2021). A caption is a row of ids that begins
with `START`, ends with `END` and is padded with `UNKNOWN`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn

from ..features import padded

UNKNOWN, START, END, MASK = range(4)  # UNKNOWN is also the padding; neither is learned
SPECIAL = 4
_FREE = -1  # a row without a piece, where the captions had fewer than the vocabulary holds


class Vocabulary(nn.Module):
    """`size` tokens: the special ones, then pieces of a tokeniser, whose ids there are a buffer of the checkpoint.

    Args:
        size: number of tokens, the special ones among them.
    """

    pieces: Tensor

    def __init__(self, size: int):
        super().__init__()
        self.register_buffer("pieces", torch.full((size - SPECIAL,), _FREE))

    def __len__(self) -> int:
        return SPECIAL + len(self.pieces)

    def fill(self, captions: Iterable[Sequence[int]]) -> None:
        """Take the most frequent pieces of `captions`, the tokeniser's ids of each; of equal ones the smaller id."""
        counts = Counter(piece for caption in captions for piece in caption)
        frequent = sorted(counts, key=lambda piece: (-counts[piece], piece))[: len(self.pieces)]
        self.pieces.fill_(_FREE)
        self.pieces[: len(frequent)] = torch.tensor(frequent, dtype=self.pieces.dtype)

    def tokens(self, captions: Iterable[Sequence[int]], length: int) -> Tensor:
        """(T, L) int64 captions of the tokeniser's ids, each of at most `length` tokens with `START` and `END`."""
        known = {piece: SPECIAL + row for row, piece in enumerate(self.pieces.tolist()) if piece != _FREE}
        rows = ([known.get(piece, UNKNOWN) for piece in caption[: length - 2]] for caption in captions)
        return padded([torch.tensor([START, *row, END]) for row in rows], UNKNOWN)

    def piece_ids(self, caption: Sequence[int]) -> list[int]:
        """The tokeniser's ids of the tokens between the start of a caption and its end."""
        tokens = list(caption)[1:]
        end = tokens.index(END) if END in tokens else len(tokens)
        return [int(self.pieces[token - SPECIAL]) for token in tokens[:end]]

    def sayable(self) -> Tensor:
        """(V,) bool: `END` and the tokens that stand for a piece."""
        special = torch.arange(SPECIAL, device=self.pieces.device) == END
        return torch.cat([special, self.pieces != _FREE])


def ended(captions: Tensor) -> Tensor:
    """Captions (T, L + 1): with an `END` behind those (T, L) that have none, as the longest ones that are found."""
    missing = (captions != END).all(1, keepdim=True)
    return torch.cat([captions, torch.where(missing, END, UNKNOWN)], dim=1)


def reverse(captions: Tensor) -> Tensor:
    """Captions (T, L), each with an `END`, read backward from there to `START`; the padding stays behind."""
    lengths = _lengths(captions)
    places = torch.arange(captions.shape[1], device=captions.device)
    source = (lengths[:, None] - 1 - places).clamp(min=0)
    return captions.gather(1, source).where(places < lengths[:, None], UNKNOWN)


def _lengths(captions: Tensor) -> Tensor:
    """(T,) tokens of each caption up to its `END`."""
    return (captions == END).int().argmax(1) + 1
