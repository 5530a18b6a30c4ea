"""Pictures with captions, of which some are drawn every epoch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from ...data.flickr8k import Entry
from ...data.samples import PictureFile, read_rgb
from ...preprocessing import Preprocessing, resize
from ..feature_cache import CacheableDataset
from .augmentation import Augmentation


class CaptionedDataset(CacheableDataset):
    """The pictures of `entries`; subclasses draw `captions` of their captions each.

    Args:
        preprocessing: of the model (``fit="squash"``).
        augmentation: None is none.
        seed: of augmentation and captions, which depend on it, the epoch (`set_epoch`) and the picture alone.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        preprocessing: Preprocessing,
        augmentation: Augmentation | None,
        captions: int,
        seed: int,
    ):
        self.augmentation = augmentation or Augmentation()
        super().__init__([[PictureFile(entry.image_path)] for entry in entries], preprocessing, self.augmentation.flip)
        self.entries = entries
        self.captions = captions
        self.seed = seed

    @cached_property
    def pictures(self) -> list[np.ndarray]:
        """All of them, (H, W, 3) uint8; not needed with cached features."""
        return [self.picture(number) for number in range(len(self))]

    def picture(self, number: int) -> np.ndarray:
        """See `CacheableDataset.picture`."""
        return resize(read_rgb(self.entries[number].image_path), self.preprocessing)
