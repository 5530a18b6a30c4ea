"""Samples as a trainer wants them: grouped by picture, resized, with targets on the model's grid and encoded sentences.

A picture is decoded once and encoded once a step, however many sentences were read before looking at it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from torch import Tensor

from ..models.base import TextFeatures
from ..models.spec import Preprocessing
from ..preprocessing import content, normalise, resize
from .pseudo import PseudoSample
from .samples import Sample
from .sentences import SentenceBank


@dataclass(frozen=True)
class Batch:
    """N pictures and T samples of them.

    Attributes:
        pixels: (N, 3, H, W) prepared for the model.
        index: (T,) which picture each sample belongs to.
        text: T sentences; None for text-blind models.
        density: (T, 1, h, w) in [0, 1].
        fixations: (T, 1, h, w), 1 where somebody looked; zero where the data set has no fixations.
        stems, conditions: T names.
    """

    pixels: Tensor
    index: Tensor
    text: TextFeatures | None
    density: Tensor
    fixations: Tensor
    stems: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def to(self, device: torch.device | str, **_: object) -> Batch:
        """A copy on `device`; Accelerate moves batches by this."""
        moved = {name: value.to(device) for name, value in vars(self).items() if hasattr(value, "to")}
        return replace(self, **moved)


@dataclass(frozen=True)
class Augmentation:
    """What training does to pictures and sentences.

    Attributes:
        flip: probability of mirroring the picture; the sentence's left and right change places.
        brightness, contrast: largest relative change.
    """

    flip: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0

    def recolour(self, picture: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """The picture (H, W, 3) uint8 with brightness and contrast changed at random, float32 in [0, 1]."""
        changed = picture.astype(np.float32) / 255
        if self.contrast:
            mean = changed.mean()
            changed = (changed - mean) * (1 + generator.uniform(-self.contrast, self.contrast)) + mean
        if self.brightness:
            changed = changed * (1 + generator.uniform(-self.brightness, self.brightness))
        return np.clip(changed, 0, 1)


@dataclass(frozen=True)
class _Target:
    stem: str
    condition: str
    sentence: str
    density: np.ndarray  # (h, w) uint8
    fixations: np.ndarray  # (n, 2) int64 on the grid


class PictureDataset(torch.utils.data.Dataset):
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
        samples: Sequence[Sample | PseudoSample],
        preprocessing: Preprocessing,
        grid: tuple[int, int],
        sentences: SentenceBank | None = None,
        augmentation: Augmentation | None = None,
        seed: int = 0,
    ):
        groups: dict[str, list[Sample | PseudoSample]] = {}
        for sample in samples:
            groups.setdefault(str(sample.image_path.parent) + sample.picture, []).append(sample)
        self.preprocessing = preprocessing
        self.grid = grid
        self.sentences = sentences
        self.augmentation = augmentation or Augmentation()
        self.seed = seed
        self.epoch = 0
        self.pictures: list[np.ndarray] = []
        self.targets: list[tuple[_Target, ...]] = []
        for group in groups.values():
            picture = group[0].image()
            self.pictures.append(resize(picture, preprocessing))
            self.targets.append(tuple(self._target(sample, picture.shape[:2]) for sample in group))

    def _target(self, sample: Sample | PseudoSample, shape: tuple[int, int]) -> _Target:
        """The sample's gaze on the grid, where its picture of (H, W) `shape` lies."""
        rows, columns = content(self.preprocessing, shape, self.grid)
        height, width = rows.stop - rows.start, columns.stop - columns.start
        density = sample.density()
        small = np.zeros(self.grid)
        small[rows, columns] = cv2.resize(density, (width, height), interpolation=cv2.INTER_AREA)
        fixations = sample.fixations()
        if fixations is None:
            fixations = np.empty((0, 2), dtype=np.int64)
        else:
            corner = rows.start, columns.start
            fixations = corner + np.unique(fixations * (height, width) // density.shape, axis=0)
        scaled = np.round(255 * small / max(small.max(), 1e-12)).astype(np.uint8)
        return _Target(sample.stem, sample.condition.value, sample.sentence, scaled, fixations)

    def set_epoch(self, epoch: int) -> None:
        """Draw other augmentations than in the epoch before."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, number: int) -> tuple[np.ndarray, tuple[_Target, ...], bool]:
        """The picture (H, W, 3) float32 in [0, 1], its targets, and whether both are to be mirrored."""
        generator = np.random.default_rng((self.seed, self.epoch, number))
        picture = self.augmentation.recolour(self.pictures[number], generator)
        return picture, self.targets[number], generator.random() < self.augmentation.flip

    def collate(self, items: Sequence[tuple[np.ndarray, tuple[_Target, ...], bool]]) -> Batch:
        """One batch of `items`."""
        targets = [(number, target, flip) for number, (_, group, flip) in enumerate(items) for target in group]
        return Batch(
            pixels=stacked([flipped(normalise(picture, self.preprocessing), flip) for picture, _, flip in items]),
            index=torch.tensor([number for number, _, _ in targets]),
            text=self._text([mirror_words(t.sentence) if flip else t.sentence for _, t, flip in targets]),
            density=torch.stack([flipped(torch.from_numpy(t.density)[None] / 255, flip) for _, t, flip in targets]),
            fixations=torch.stack([flipped(self._plane(t.fixations), flip) for _, t, flip in targets]),
            stems=tuple(t.stem for _, t, _ in targets),
            conditions=tuple(t.condition for _, t, _ in targets),
        )

    def _plane(self, fixations: np.ndarray) -> Tensor:
        plane = torch.zeros(1, *self.grid)
        plane[0, fixations[:, 0], fixations[:, 1]] = 1
        return plane

    def _text(self, sentences: list[str]) -> TextFeatures | None:
        return None if self.sentences is None else self.sentences.gather(sentences)


def stacked(pictures: list[Tensor]) -> Tensor:
    """Pictures (3, H, W) as one batch in the memory format convolutions are fastest in."""
    return torch.stack(pictures).contiguous(memory_format=torch.channels_last)


def flipped(x: Tensor, flip: bool) -> Tensor:
    """`x` (..., H, W), mirrored left to right with `flip`."""
    return x.flip(-1) if flip else x


_SIDES = {"left": "right", "Left": "Right", "LEFT": "RIGHT"}
_SIDES |= {right: left for left, right in _SIDES.items()}


def mirror_words(sentence: str) -> str:
    """The sentence for the mirrored picture: left and right change places."""
    return re.sub(rf"\b({'|'.join(_SIDES)})\b", lambda match: _SIDES[match[0]], sentence)
