"""Pictures with gaze as batches: samples grouped by picture, resized, with targets on the model's grid and sentences.

A picture is read once, and encoded once per step for all its sentences.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import torch
from torch import Tensor

from ...conditions import Condition
from ...data.samples import PictureFile, picture_of
from ...models.features import TextFeatures
from ...preprocessing import Preprocessing, content, flipped, resize
from ...resizing import bilinear
from ..feature_cache import CacheableDataset, FeatureCache
from .augmentation import Augmentation, mirror_words
from .batch import Batch, prepared
from .box_masks import box_mask
from .pseudo_targets import PseudoSample
from .sentence_bank import SentenceBank


class TrainingSample(Protocol):
    """One sentence about one picture, or none, and where people look then: a `Sample`, or what stands in for one."""

    @property
    def stem(self) -> str:
        """Unique name of the sample."""

    @property
    def picture(self) -> str:
        """Name of the picture, shared by its samples."""

    @property
    def condition(self) -> Condition:
        """The text condition."""

    @property
    def sentence(self) -> str:
        """The sentence read before viewing; empty under the pure condition."""

    @property
    def image_path(self) -> Path:
        """The picture's file."""

    @property
    def file(self) -> PictureFile:
        """The picture's file with its way to be decoded."""

    def image(self) -> np.ndarray:
        """The picture, (H, W, 3) uint8 RGB."""

    def density(self) -> np.ndarray | None:
        """Density of gaze (h, w) >= 0, of the picture's proportions; None where there is none."""

    def fixations(self) -> np.ndarray | None:
        """Fixated cells of the density, (n, 2) integers (row, column); None where there are none."""


@dataclass(frozen=True)
class GazeBatch(Batch):
    """N pictures and T samples of them.

    Attributes:
        density: (T, 1, h, w) in [0, 1].
        fixations: (T, 1, h, w), 1 at fixated cells; zero where the data set has no fixations.
        named: (T, 1, h, w) in [0, 1], cells covered by the boxes of what the sentence names; zero where unknown.
        boxed: (T,) bool, whether these boxes are known.
        stems, conditions: T names.
    """

    density: Tensor
    fixations: Tensor
    named: Tensor
    boxed: Tensor
    stems: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Target:
    stem: str
    condition: str
    sentence: str
    density: np.ndarray  # (h, w) uint8
    fixations: np.ndarray  # (n, 2) int64 on the grid
    named: np.ndarray | None  # (h, w) uint8, None where unknown

    def within(self, rows: slice, columns: slice) -> _Target:
        """The target of a window of the picture, enlarged to the whole grid."""
        size = self.density.shape
        corner, sides = (rows.start, columns.start), (rows.stop - rows.start, columns.stop - columns.start)
        moved = self.fixations - corner
        moved = moved[((moved >= 0) & (moved < sides)).all(1)] * size // sides
        density = bilinear(self.density[rows, columns], size).astype(np.float32)
        return replace(
            self,
            density=np.round(255 * density / max(density.max(), 1)).astype(np.uint8),
            fixations=moved,
            named=None if self.named is None else bilinear(self.named[rows, columns], size),
        )

    def share_within(self, rows: slice, columns: slice) -> float:
        """Share of the density in a window."""
        return self.density[rows, columns].sum(dtype=np.float64) / max(self.density.sum(dtype=np.float64), 1)


class PictureDataset(CacheableDataset):
    """Pictures with all their samples, held in memory as bytes.

    Args:
        samples: of any data sets.
        preprocessing: of the model.
        grid: (h, w) of the targets; where the preprocessing pads the picture, there is nothing in them.
        sentences: encoded sentences, or None for text-blind models.
        augmentation: None is none.
        seed: of the augmentation, which depends on it, the epoch (`set_epoch`) and the picture alone.
    """

    def __init__(
        self,
        samples: Sequence[TrainingSample],
        preprocessing: Preprocessing,
        grid: tuple[int, int],
        sentences: SentenceBank | None = None,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ):
        groups: dict[str, list[TrainingSample]] = {}
        for sample in samples:
            groups.setdefault(picture_of(sample), []).append(sample)
        self.augmentation = augmentation or Augmentation()
        super().__init__([[group[0].file] for group in groups.values()], preprocessing, self.augmentation.flip)
        self.grid = grid
        self.sentences = sentences
        self.seed = seed
        self.pictures: list[np.ndarray] = []
        self.targets: list[tuple[_Target, ...]] = []
        for group in groups.values():
            picture = group[0].image()
            self.pictures.append(resize(picture, preprocessing))
            self.targets.append(tuple(self._target(sample, picture.shape[:2]) for sample in group))

    def _target(self, sample: TrainingSample, shape: tuple[int, int]) -> _Target:
        """The sample's gaze on the grid, where its picture of (H, W) `shape` lies."""
        rows, columns = content(self.preprocessing, shape, self.grid)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        density = sample.density()
        if density is None:
            raise ValueError(f"{sample.stem} has no density")
        small = np.zeros(self.grid)
        small[rows, columns] = cv2.resize(density, (width, height), interpolation=cv2.INTER_AREA)
        fixations = sample.fixations()
        if fixations is None:
            fixations = np.empty((0, 2), dtype=np.int64)
        else:
            corner = rows.start, columns.start
            fixations = corner + np.unique(fixations * (height, width) // density.shape, axis=0)
        scaled = np.round(255 * small / max(small.max(), 1e-12)).astype(np.uint8)
        named = None
        if isinstance(sample, PseudoSample):
            named = np.zeros(self.grid, dtype=np.uint8)
            named[rows, columns] = np.round(255 * box_mask(sample.boxes, (height, width)))
        return _Target(sample.stem, sample.condition.value, sample.sentence, scaled, fixations, named)

    def picture(self, number: int) -> np.ndarray:
        """See `CacheableDataset.picture`; without cached features."""
        return self.pictures[number]

    def use_cache(self, cache: FeatureCache) -> None:
        """Reads features from `cache` from now on; the pictures in memory are freed."""
        super().use_cache(cache)
        self.pictures.clear()

    def __getitem__(self, number: int) -> tuple[np.ndarray | str, tuple[_Target, ...], bool]:
        """The picture or its cache key, its targets, and whether both are to be mirrored.

        The picture is (H, W, 3) float32 in [0, 1].
        """
        if self.cache is not None:
            return self.names[number], self.targets[number], self.flips[number]
        generator = np.random.default_rng((self.seed, self.epoch, number))
        picture, targets = self.augmentation.recolour(self.pictures[number], generator), self.targets[number]
        flip = generator.random() < self.augmentation.flip
        rows, columns = self.augmentation.window(self.grid, generator)
        if (rows.stop - rows.start) < self.grid[0] and all(
            target.share_within(rows, columns) > 0.5 for target in targets
        ):
            targets = tuple(target.within(rows, columns) for target in targets)
            picture = self._zoomed(picture, rows, columns)
        return picture, targets, flip

    def _zoomed(self, picture: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """The window of the picture (H, W, 3) that the grid's `rows` and `columns` stand for, at the picture's size."""
        size = picture.shape[:2]
        (top, bottom), (left, right) = (
            (round(part.start * side / cells), round(part.stop * side / cells))
            for part, side, cells in zip((rows, columns), size, self.grid, strict=True)
        )
        return bilinear(picture[top:bottom, left:right], size)

    def collate(self, items: Sequence[tuple[Any, tuple[_Target, ...], bool]]) -> GazeBatch:
        """One batch of `items`, whose pictures are all arrays or all cache keys."""
        targets = [(number, target, flip) for number, (_, group, flip) in enumerate(items) for target in group]
        pictures = [(picture, flip) for picture, _, flip in items]
        return GazeBatch(
            pixels=None if self.cache else prepared(pictures, self.preprocessing),
            front_features=self.cache.gather([name for name, _ in pictures]) if self.cache else None,
            index=torch.tensor([number for number, _, _ in targets]),
            text=self._text([mirror_words(t.sentence) if flip else t.sentence for _, t, flip in targets]),
            density=torch.stack([flipped(torch.from_numpy(t.density)[None] / 255, flip) for _, t, flip in targets]),
            fixations=torch.stack([flipped(self._plane(t.fixations), flip) for _, t, flip in targets]),
            named=torch.stack([flipped(self._named(t), flip) for _, t, flip in targets]),
            boxed=torch.tensor([t.named is not None for _, t, _ in targets]),
            stems=tuple(t.stem for _, t, _ in targets),
            conditions=tuple(t.condition for _, t, _ in targets),
        )

    def _plane(self, fixations: np.ndarray) -> Tensor:
        plane = torch.zeros(1, *self.grid)
        plane[0, fixations[:, 0], fixations[:, 1]] = 1
        return plane

    def _named(self, target: _Target) -> Tensor:
        return torch.zeros(1, *self.grid) if target.named is None else torch.from_numpy(target.named)[None] / 255

    def _text(self, sentences: list[str]) -> TextFeatures | None:
        return None if self.sentences is None else self.sentences.gather(sentences)
