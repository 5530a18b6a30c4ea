"""Batches of pictures and mosaics with sentences and the masks or boxes of what they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ...models.features import ImageFeatures, TextFeatures
from ...preprocessing import Preprocessing, flipped, stacked
from ..feature_cache import CacheableDataset, FeatureCache
from .augmentation import mirror_words
from .batch import Batch
from .object_scenes import ObjectScene, ObjectTarget
from .sentence_bank import SentenceBank

# Maps (T, 1, h, w) of the words of T sentences: from the front end's features of N pictures, and which each is about.
Guidance = Callable[[ImageFeatures, Tensor, TextFeatures], Tensor]


@dataclass(frozen=True)
class ObjectBatch(Batch):
    """N pictures and T sentences about things in them.

    Attributes:
        target: (T, 1, h, w) in [0, 1], masks and boxes.
        boxed: (T,) bool, whether the target is a box.
        mosaic: (T,) bool, whether the picture is a mosaic.
        guidance: (T, 1, h', w'), cached maps of the sentences' words; None without a cache.
    """

    further_inputs = ("guidance",)

    target: Tensor
    boxed: Tensor
    mosaic: Tensor
    guidance: Tensor | None = None

    @property
    def inputs(self) -> tuple[Any, ...]:
        """See `Batch.inputs`."""
        return self.pictures, self.index, self.text, self.guidance


class ObjectSceneDataset(CacheableDataset):
    """Scenes with at most `sentences` of their sentences each, drawn every epoch.

    Args:
        preprocessing: of the model (``fit="squash"``).
        grid: (h, w) of the targets.
        bank: of the sentences; None for models without guidance.
        flip: share of the scenes that are always flipped; left and right in their sentences change places.
        sentences: number per scene; None is all.
    """

    def __init__(
        self,
        scenes: Sequence[ObjectScene],
        preprocessing: Preprocessing,
        grid: tuple[int, int],
        bank: SentenceBank | None,
        flip: float = 0.0,
        sentences: int | None = None,
        seed: int = 0,
    ):
        super().__init__([scene.files for scene in scenes], preprocessing, flip)
        self.scenes = scenes
        self.grid = grid
        self.bank = bank
        self.sentences = sentences
        self.seed = seed
        self.guidance: FeatureCache | None = None

    def picture(self, number: int) -> np.ndarray:
        """See `CacheableDataset.picture`."""
        return self.scenes[number].picture(self.preprocessing)

    def use_guidance(self, folder: Path, compute: Guidance) -> None:
        """Cache in `folder` the maps of the words of all sentences; `use_cache` comes before."""
        assert self.cache is not None, "they are computed from cached features"
        assert self.bank is not None, "of sentences"
        bank, features = self.bank, self.cache
        texts = ((n, self._text(n, target)) for n, scene in enumerate(self.scenes) for target in scene.targets)
        rows = [(self.names[number], text) for number, text in texts if text]

        def maps(numbers: Tensor) -> ImageFeatures:
            some = [rows[number] for number in numbers.flatten().long().tolist()]
            names = list(dict.fromkeys(name for name, _ in some))  # a picture is encoded once for its sentences
            index = torch.tensor([names.index(name) for name, _ in some])
            return {"guidance": compute(features.gather(names), index, bank.gather([text for _, text in some]))}

        cache = FeatureCache(folder, maps)
        cache.add([_key(*row) for row in rows], lambda number: torch.full((1, 1, 1), float(number)))
        self.guidance = cache

    def _text(self, number: int, target: ObjectTarget) -> str:
        """The sentence of a target, mirrored where its scene is; empty for models that read none."""
        if self.bank is None:
            return ""
        return mirror_words(target.sentence) if self.flips[number] else target.sentence

    def __getitem__(self, number: int) -> tuple[int, list[ObjectTarget]]:
        """The scene's number and some of its sentences."""
        generator = np.random.default_rng((self.seed, self.epoch, number))
        known = self.scenes[number].targets
        drawn = sorted(generator.permutation(len(known))[: self.sentences])
        return number, [known[i] for i in drawn]

    def collate(self, items: Sequence[tuple[int, Sequence[ObjectTarget]]]) -> ObjectBatch:
        """One batch of `items`."""
        numbers = [number for number, _ in items]
        rows = [(row, number, target) for row, (number, group) in enumerate(items) for target in group]
        texts = [self._text(number, target) for _, number, target in rows]
        keys = [_key(self.names[number], text) for (_, number, _), text in zip(rows, texts, strict=True)]
        targets = [flipped(torch.from_numpy(one.target(self.grid))[None], self.flips[n]) for _, n, one in rows]
        names = [self.names[number] for number in numbers]
        return ObjectBatch(
            pixels=None if self.cache else stacked([self.pixels(number) for number in numbers]),
            front_features=self.cache.gather(names) if self.cache else None,
            index=torch.tensor([row for row, _, _ in rows]),
            text=None if self.bank is None else self.bank.gather(texts),
            target=torch.stack(targets),
            boxed=torch.tensor([target.boxed for _, _, target in rows]),
            mosaic=torch.tensor([len(self.scenes[number].files) > 1 for _, number, _ in rows]),
            guidance=None if self.guidance is None else self._maps(keys, [bool(text) for text in texts]),
        )

    def _maps(self, keys: Sequence[str], present: Sequence[bool]) -> Tensor:
        """Cached maps (T, 1, h, w); zeros without a sentence."""
        assert self.guidance is not None
        read = [key for key, known in zip(keys, present, strict=True) if known]
        if not read:
            return torch.zeros(len(keys), 1, 1, 1)
        found = self.guidance.gather(read)["guidance"]
        maps = found.new_zeros(len(keys), *found.shape[1:])
        maps[torch.tensor(present)] = found
        return maps


def _key(name: str, sentence: str) -> str:
    return f"{name} < {sentence}"
