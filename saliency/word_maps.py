"""Word maps from the token maps of a model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .models.text import Word
from .results import Shape, WordMap


def merge(words: Sequence[Word], maps: np.ndarray, weights: np.ndarray, shape: Shape) -> tuple[WordMap, ...]:
    """Word maps from token maps: per word the maximum over its tokens at each place, and the sum of their weights.

    Args:
        words: of the sentence, with the tokens of each; special tokens belong to no word and so drop out.
        maps: (L, h, w) in [0, 1], a map per token.
        weights: (L,) a weight per token.
        shape: (H, W) of the picture.
    """
    return tuple(
        WordMap(
            word=word.text,
            start=word.start,
            end=word.end,
            weight=float(weights[list(word.tokens)].sum()),
            read=bool(word.tokens),
            working_map=maps[list(word.tokens)].max(axis=0).astype(np.float32) if word.tokens else None,
            shape=shape,
            known=word.known,
        )
        for word in words
    )
