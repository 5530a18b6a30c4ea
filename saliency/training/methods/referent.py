"""Training of the `Referent` head of a grounding on captions, on gaze, and on template sentences about detections.

All other parts are frozen, so their features are cached (`feature_cache`): computing them costs as much as the
training.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from ...errors import RecipeError
from ...losses import TERMS, WeightedLoss
from ...metrics import formulas
from ...models.features import ImageFeatures, TextFeatures, select
from ...models.grounding import GroundingModel
from ...preprocessing import Preprocessing, flipped
from .. import frozen_features
from ..datasets import read_entries, read_pictures, read_samples, sentence_bank
from ..detections import detections
from ..feature_cache import CacheableDataset, FeatureCache
from ..learner import Learner
from ..recipe import DataSource, Options, Stage
from ..targets.augmentation import mirror_words
from ..targets.batch import Batch
from ..targets.mosaics import Scene, SentenceTarget, captioned_pictures, gaze_pictures, scenes
from ..targets.sentence_bank import SentenceBank
from ..targets.template_sentences import Detections, template_scenes
from .method import Method, measured, numbers, output, shared_output

TRAINED_PREFIX = "grounding.referent."


@dataclass(frozen=True)
class ReferentBatch(Batch):
    """N pictures and T sentences about things in them; features are those of the model's `FrontEnd`.

    Attributes:
        target: (T, 1, h, w) in [0, 1], Gaussians at the thing the sentence is about, or density of gaze.
    """

    target: Tensor


class ReferentDataset(CacheableDataset):
    """Scenes with `sentences` of their sentences each, drawn every epoch. Batches need cached features.

    Args:
        preprocessing: of the model (``fit="squash"``).
        grid: (h, w) of the targets.
        flip: share of the scenes that are always flipped; left and right in their sentences change places.
        sentences: number per scene; None is all.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        preprocessing: Preprocessing,
        grid: tuple[int, int],
        bank: SentenceBank,
        flip: float = 0.0,
        sentences: int | None = None,
        seed: int = 0,
    ):
        super().__init__([[one.file for one in scene.pictures] for scene in scenes], preprocessing, flip)
        self.scenes = scenes
        self.grid = grid
        self.bank = bank
        self.sentences = sentences
        self.seed = seed

    def picture(self, number: int) -> np.ndarray:
        """See `CacheableDataset.picture`; a single picture or a mosaic."""
        return self.scenes[number].picture(self.preprocessing)

    def __getitem__(self, number: int) -> tuple[int, list[SentenceTarget]]:
        """The scene's number and some of its sentences."""
        generator = np.random.default_rng((self.seed, self.epoch, number))
        known = self.scenes[number].sentences
        drawn = sorted(generator.permutation(len(known))[: self.sentences])
        return number, [known[i] for i in drawn]

    def collate(self, items: Sequence[tuple[int, Sequence[SentenceTarget]]]) -> ReferentBatch:
        """One batch of `items`; `use_cache` comes before."""
        assert self.cache is not None
        rows = [(row, target, self.flips[number]) for row, (number, group) in enumerate(items) for target in group]
        targets = [flipped(torch.from_numpy(item.target(self.grid)).float()[None], flip) for _, item, flip in rows]
        return ReferentBatch(
            pixels=None,
            front_features=self.cache.gather([self.names[number] for number, _ in items]),
            index=torch.tensor([row for row, _, _ in rows]),
            text=self.bank.gather(
                [mirror_words(target.sentence) if flip else target.sentence for _, target, flip in rows]
            ),
            target=torch.stack(targets),
        )


class ReferentModel(nn.Module):
    """The referent head as a model with one forward call, so that Accelerate can distribute it."""

    def __init__(self, model: GroundingModel):
        super().__init__()
        self.referent: Any = model.grounding.referent  # a key of runs' states

    def forward(self, front_features: ImageFeatures, index: Tensor, text: TextFeatures) -> Tensor:
        """(T, 1, h, w) in [0, 1]: the referent of sentence t in picture ``index[t]`` of N."""
        return self.referent(select(self.referent.encode(front_features), index), text).map


class ReferentOptions(Options):
    """Options of the referent method.

    Attributes:
        singles: number of pictures with captions, and of those with detections, that are also used alone and not only
            in mosaics of four.
        sentences: number per picture or mosaic, drawn every epoch.
        parts: number of short sentences made of a picture's captions.
        named: number of template sentences per picture or mosaic with detections.
    """

    singles: int = Field(default=0, ge=0)
    sentences: int = Field(default=4, ge=1)
    parts: int = Field(default=3, ge=0)
    named: int = Field(default=10, ge=1)


class ReferentMethod(Method):
    """The `Method` of recipes with ``method: referent``; only the head is trained, which ``referent: true`` adds.

    Stage loss: see `losses.WeightedLoss`. The score is the mean CC of the head's map with the target.
    """

    options = ReferentOptions
    terms = tuple(term for term in TERMS if term != "nss")  # captions have no fixations
    augmentations = ("flip",)

    def check(self) -> None:
        """Raises `RecipeError` for a model without a referent head and for made-up validation sentences."""
        if self.model.grounding.referent is None:
            raise RecipeError("The recipe's model has no referent head to train: set “referent: true”.")
        if self.recipe.validation.template_sentences:
            raise RecipeError("Template sentences are for training only: validate on pictures with captions.")

    def validation_dataset(self) -> ReferentDataset:
        """All single pictures and mosaics of the validation source, with all sentences."""
        return self._dataset((self.recipe.validation,), ReferentOptions(singles=10**9))

    def _dataset(self, sources: tuple[DataSource, ...], options: ReferentOptions, **drawn: Any) -> ReferentDataset:
        captions = read_entries(s for s in sources if s.reader == "flickr8k_entities")
        gaze = read_samples(s for s in sources if s.reader != "flickr8k_entities" and not s.template_sentences)
        found = scenes(captioned_pictures(captions, options.parts), gaze_pictures(gaze), options.singles)
        if detected := [source for source in sources if source.template_sentences]:
            found += template_scenes(self._detections(detected), options.named, options.singles)
        if not found:
            raise RecipeError("The recipe's data have no sentence about a thing that is in a known place.")
        bank = sentence_bank((one.sentence for scene in found for one in scene.sentences), self.text_encoder)
        grid = self.model.grounding.referent.grid
        return ReferentDataset(found, self.preprocessing, grid, bank, seed=self.recipe.seed, **drawn)

    def _detections(self, sources: Sequence[DataSource]) -> dict[Path, Detections]:
        """Detections of the model's own detector in the pictures."""
        detector = self.model.grounding.objects
        if detector is None:
            raise RecipeError("The recipe's model has no object detector for template sentences: set “objects: true”.")
        found = detections(read_pictures(sources), detector, frozen_features.FEATURES)
        if not any(found.values()):
            raise RecipeError("The detector finds nothing in the pictures for template sentences.")
        return found

    def dataset(self, stage: Stage) -> ReferentDataset:
        """The stage's scenes with drawn sentences; front-end features are cached for it and validation."""
        options = stage.chosen(self.options)
        dataset = self._dataset(stage.data, options, flip=stage.augmentation.flip, sentences=options.sentences)
        cache = self._cache(self.model)
        for needed in (dataset, self.validation):
            needed.use_cache(cache)
        return dataset

    def _cache(self, model: GroundingModel) -> FeatureCache:
        """The cache of the head's inputs."""
        return frozen_features.feature_cache(model.front_end, self.preprocessing)

    def network(self, model: GroundingModel) -> ReferentModel:
        """The head's forward pass from pictures or cached features."""
        return ReferentModel(model)

    def groups(self, stage: Stage) -> list[dict[str, Any]]:
        """Groups of the head alone; everything else is frozen."""
        rates = {"": 0.0, TRAINED_PREFIX: stage.rate} | stage.rates
        return super().groups(stage.model_copy(update={"rates": rates}))

    def step(self, batch: ReferentBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update by the stage's loss on the head's map."""
        total, terms = WeightedLoss(stage.loss)(shared_output(learners[0].network, batch), batch.target)
        learners[0].update(total)
        return numbers({"loss": total, **terms})

    @torch.inference_mode()
    def validate(self, model: GroundingModel) -> dict[str, float]:
        """Mean CC of the head's map with the targets, alone and in mosaics."""
        if self.validation.cache is None:
            self.validation.use_cache(self._cache(model))
        network = self.network(model)

        def correlations(batch: ReferentBatch) -> list[float]:
            return formulas.correlation(output(network, batch).double(), batch.target.double()).flatten().tolist()

        found = measured(network, self.validation, correlations)
        return {"score": sum(found) / len(found), "sentences": float(len(found))}
