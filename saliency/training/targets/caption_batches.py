"""Batches of pictures with captions as tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...data.flickr8k import Entry
from ...data.samples import PictureFile, read_rgb
from ...preprocessing import Preprocessing, resize
from ..feature_cache import CacheableDataset
from .augmentation import Augmentation, mirror_words
from .batch import Batch, prepared


@dataclass(frozen=True)
class CaptionBatch(Batch):
    """N pictures with the same number of captions each, T in all, those of a picture next to each other.

    Attributes:
        captions: (T, L) int64 tokens, see `models.captioner`.
    """

    captions: Tensor


class CaptionDataset(CacheableDataset):
    """Pictures with `captions` of their captions each, drawn every epoch; of fewer some are drawn twice.

    Args:
        entries: pictures with captions.
        preprocessing: of the captioner (``fit="squash"``).
        pieces: the tokeniser's ids of each caption, mirrored ones included where the augmentation flips.
        tokens: tokens (T, L) of T captions of such ids.
        longest: captions of more pieces are not drawn, unless a picture has no other: they would be cut off.
        augmentation: None is none.
        seed: of augmentation and captions, which depend on it, the epoch (`set_epoch`) and the picture alone.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        preprocessing: Preprocessing,
        pieces: Mapping[str, Sequence[int]],
        tokens: Callable[[Sequence[Sequence[int]]], Tensor],
        longest: int,
        augmentation: Augmentation | None = None,
        captions: int = 1,
        seed: int = 0,
    ):
        self.augmentation = augmentation or Augmentation()
        super().__init__([[PictureFile(entry.image_path)] for entry in entries], preprocessing, self.augmentation.flip)
        self.entries = entries
        self.captions = captions
        self.seed = seed
        self._pieces = pieces
        self._tokens = tokens
        self._longest = longest

    @cached_property
    def pictures(self) -> list[np.ndarray]:
        """All of them, (H, W, 3) uint8; not needed with cached features."""
        return [self.picture(number) for number in range(len(self))]

    def picture(self, number: int) -> np.ndarray:
        """See `CacheableDataset.picture`."""
        return resize(read_rgb(self.entries[number].image_path), self.preprocessing)

    def __getitem__(self, number: int) -> tuple[np.ndarray | str, list[str], bool]:
        """The picture or its cache key, some of its captions, and whether the picture is to be mirrored.

        The picture is (H, W, 3) float32 in [0, 1]; the captions of a mirrored one are mirrored.
        """
        generator = np.random.default_rng((self.seed, self.epoch, number))
        texts = [caption.text for caption in self.entries[number].captions]
        texts = [text for text in texts if len(self._pieces[text]) <= self._longest] or texts
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
        return CaptionBatch(
            pixels=None if self.cache else prepared(pictures, self.preprocessing),
            front_features=self.cache.gather([name for name, _ in pictures]) if self.cache else None,
            index=torch.arange(len(items)).repeat_interleave(self.captions),
            text=None,
            captions=self._tokens([self._pieces[text] for text in texts]),
        )
