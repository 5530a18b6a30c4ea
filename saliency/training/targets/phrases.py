"""Batches of captions with phrase boxes: masks on the regions' grid, tokens of each phrase."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...data.flickr8k import Caption, Entry
from ...models.features import TextFeatures
from ...preprocessing import Preprocessing, flipped
from .augmentation import Augmentation, mirror_words
from .batch import Batch, prepared
from .box_masks import box_mask
from .captioned_dataset import CaptionedDataset
from .sentence_bank import SentenceBank


@dataclass(frozen=True)
class PhraseBatch(Batch):
    """N pictures, T captions of them and P phrases of those.

    Attributes:
        caption: (P,) caption of each phrase.
        tokens: (P, L) float, 1 on the phrase's tokens, rows sum to 1.
        masks: (P, h, w) in [0, 1], see `box_masks.box_mask`.
    """

    text: TextFeatures
    caption: Tensor
    tokens: Tensor
    masks: Tensor


class PhraseDataset(CaptionedDataset):
    """Pictures with `captions` of their captions each, drawn every epoch (the first ones where `captions` is all).

    Args:
        entries: pictures with captions and boxes.
        preprocessing: of the model (``fit="squash"``).
        grid: (h, w) of the regions.
        sentences: the captions' encodings, mirrored ones included where the augmentation flips.
        augmentation: None is none.
        seed: of augmentation and captions, which depend on it, the epoch (`set_epoch`) and the picture alone.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        preprocessing: Preprocessing,
        grid: tuple[int, int],
        sentences: SentenceBank,
        augmentation: Augmentation | None = None,
        captions: int = 2,
        seed: int = 0,
    ):
        super().__init__(entries, preprocessing, augmentation, captions, seed)
        self.grid = grid
        self.sentences = sentences

    def __getitem__(self, number: int) -> tuple[np.ndarray | str, list[Caption], bool]:
        """The picture or its cache key, some of its captions, and whether both are to be mirrored.

        The picture is (H, W, 3) float32 in [0, 1].
        """
        generator = np.random.default_rng((self.seed, self.epoch, number))
        captions = [caption for caption in self.entries[number].captions if caption.phrases]
        drawn = sorted(generator.permutation(len(captions))[: self.captions])
        if self.cache is not None:
            return self.names[number], [captions[i] for i in drawn], self.flips[number]
        picture = self.augmentation.recolour(self.pictures[number], generator)
        return picture, [captions[i] for i in drawn], generator.random() < self.augmentation.flip

    def collate(self, items: Sequence[tuple[Any, list[Caption], bool]]) -> PhraseBatch:
        """One batch of `items`, whose pictures are all arrays or all cache keys."""
        captions = [(number, caption, flip) for number, (_, group, flip) in enumerate(items) for caption in group]
        texts = [mirror_words(caption.text) if flip else caption.text for _, caption, flip in captions]
        starts = self.sentences.starts(texts)
        owners, tokens, masks = [], [], []
        for owner, (_, caption, flip) in enumerate(captions):
            offsets = _word_starts(texts[owner])
            for phrase in caption.phrases:
                end = offsets[phrase.end] if phrase.end < len(offsets) else len(texts[owner]) + 1
                inside = (starts[owner] >= offsets[phrase.start]) & (starts[owner] < end)
                if inside.any():
                    owners.append(owner)
                    tokens.append(inside.float() / inside.sum())
                    mask = torch.from_numpy(box_mask(phrase.boxes, self.grid))
                    masks.append(flipped(mask, flip))
        pictures = [(picture, flip) for picture, _, flip in items]
        return PhraseBatch(
            pixels=None if self.cache else prepared(pictures, self.preprocessing),
            front_features=self.cache.gather([name for name, _ in pictures]) if self.cache else None,
            index=torch.tensor([number for number, _, _ in captions]),
            text=self.sentences.gather(texts),
            caption=torch.tensor(owners),
            tokens=torch.stack(tokens),
            masks=torch.stack(masks),
        )


def _word_starts(text: str) -> list[int]:
    """Start of each word, words being separated by single blanks."""
    starts, position = [], 0
    for word in text.split(" "):
        starts.append(position)
        position += len(word) + 1
    return starts
