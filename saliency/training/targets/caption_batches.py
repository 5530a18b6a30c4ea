"""Batches of pictures with captions as tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...data.flickr8k import Entry
from ...models.captioner import Vocabulary
from ...models.text import WordPieces
from ...preprocessing import Preprocessing
from .augmentation import Augmentation, mirror_words
from .batch import Batch, prepared
from .captioned_dataset import CaptionedDataset


@dataclass(frozen=True)
class CaptionBatch(Batch):
    """N pictures with the same number of captions each, T in all, those of a picture next to each other.

    Attributes:
        captions: (T, L) int64 tokens, see `models.captioner`.
    """

    further_inputs = ("captions",)

    captions: Tensor

    @property
    def inputs(self) -> tuple[Any, ...]:
        """See `Batch.inputs`."""
        return self.pictures, self.captions


class CaptionTokens:
    """The tokens of a fixed set of captions.

    Args:
        captions: whatever will be asked for.
        tokeniser: splits them.
        vocabulary: of the captioner; it may be filled later.
        length: largest number of tokens, start and end among them.
    """

    def __init__(self, captions: Iterable[str], tokeniser: WordPieces, vocabulary: Vocabulary, length: int):
        unique = list(dict.fromkeys(captions))
        self.pieces = {text: each.ids for text, each in zip(unique, tokeniser.pieces(unique), strict=True)}
        self._vocabulary = vocabulary
        self._length = length

    def fits(self, caption: str) -> bool:
        """Whether a caption is not cut off."""
        return len(self.pieces[caption]) + 2 <= self._length

    def tokens(self, captions: Iterable[str]) -> Tensor:
        """(T, L) int64 of T captions."""
        return self._vocabulary.tokens([self.pieces[caption] for caption in captions], self._length)


class CaptionDataset(CaptionedDataset):
    """Pictures with `captions` of their captions each, drawn every epoch; of fewer some are drawn twice.

    Args:
        entries: pictures with captions.
        preprocessing: of the captioner (``fit="squash"``).
        words: of the captions, mirrored ones included where the augmentation flips; None makes no batches.
        augmentation: None is none.
        seed: of augmentation and captions, which depend on it, the epoch (`set_epoch`) and the picture alone.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        preprocessing: Preprocessing,
        words: CaptionTokens | None = None,
        augmentation: Augmentation | None = None,
        captions: int = 1,
        seed: int = 0,
    ):
        super().__init__(entries, preprocessing, augmentation, captions, seed)
        self.words = words

    def __getitem__(self, number: int) -> tuple[np.ndarray | str, list[str], bool]:
        """The picture or its cache key, some of its captions, and whether the picture is to be mirrored.

        The picture is (H, W, 3) float32 in [0, 1]; the captions of a mirrored one are mirrored.
        """
        generator = np.random.default_rng((self.seed, self.epoch, number))
        texts = [caption.text for caption in self.entries[number].captions]
        assert self.words is not None, "batches need words"
        texts = list(filter(self.words.fits, texts)) or texts
        drawn = np.resize(generator.permutation(len(texts)), self.captions)
        cached = self.cache is not None
        flip = self.flips[number] if cached else bool(generator.random() < self.augmentation.flip)
        chosen = [mirror_words(texts[i]) if flip else texts[i] for i in drawn]
        if cached:
            return self.names[number], chosen, flip
        return self.augmentation.recolour(self.pictures[number], generator), chosen, flip

    def collate(self, items: Sequence[tuple[Any, list[str], bool]]) -> CaptionBatch:
        """One batch of `items`, whose pictures are all arrays or all cache keys."""
        pictures = [(picture, flip) for picture, _, flip in items]
        texts = [text for _, group, _ in items for text in group]
        assert self.words is not None, "batches need words"
        return CaptionBatch(
            pixels=None if self.cache else prepared(pictures, self.preprocessing),
            front_features=self.cache.gather([name for name, _ in pictures]) if self.cache else None,
            index=torch.arange(len(items)).repeat_interleave(self.captions),
            text=None,
            captions=self.words.tokens(texts),
        )
