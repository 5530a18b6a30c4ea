"""Supervised training of a saliency model on maps of gaze."""

from __future__ import annotations

from collections import defaultdict

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ...errors import RecipeError
from ...losses import TERMS, WeightedLoss
from ...metrics import formulas
from ...models.base import SaliencyModel
from ...models.features import ImageFeatures, SaliencyOutput, TextFeatures, select
from ...precision import autocast
from ...preprocessing import Preprocessing
from .. import frozen_features
from ..datasets import read_samples, sentence_bank
from ..frozen_features import CachingOptions, check_cacheable
from ..loop import Learner, Run, parameter_groups
from ..recipe import DataSource, Recipe, Stage
from ..targets.batch import Batch, PictureDataset


class Grouped(nn.Module):
    """A model over pictures with several sentences each; one forward call, so that Accelerate may distribute it."""

    def __init__(self, model: SaliencyModel):
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor | ImageFeatures, index: Tensor, text: TextFeatures | None) -> SaliencyOutput:
        """Maps of T sentences, sentence t read before picture ``index[t]`` of N.

        Args:
            pictures: (N, 3, H, W), or their features of the model's `front_end`.
        """
        encode = self.model.encode_image if isinstance(pictures, Tensor) else self.model.encode_features
        return self.model.decode(select(encode(pictures), index), text)


class Supervised:
    """The `Method` of recipes with ``method: supervised``.

    Stage loss: see `losses.WeightedLoss`; beside its terms the model's own, see `SaliencyModel.losses`.
    """

    options = CachingOptions
    terms = TERMS
    own_losses = True
    augmentations = ("flip", "brightness", "contrast", "crop")

    def __init__(self, recipe: Recipe, model: SaliencyModel, preprocessing: Preprocessing, text_encoder: str | None):
        self.recipe = recipe
        self.model = model.to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        self.text_encoder = text_encoder
        for stage in recipe.stages:
            check_cacheable(self.model, stage)
        self._check_grid()
        self.validation = self._dataset((recipe.validation,), None)

    @torch.inference_mode()
    def _check_grid(self) -> None:
        pixels = torch.zeros(1, 3, self.preprocessing.height, self.preprocessing.width)
        (height, width), (own_height, own_width) = self.recipe.grid, self.model.eval()(pixels).map.shape[-2:]
        if (height, width) != (own_height, own_width):
            raise RecipeError(
                f"The recipe's grid is [{height}, {width}], but the maps of its model are [{own_height}, {own_width}]."
            )

    def _dataset(self, sources: tuple[DataSource, ...], stage: Stage | None) -> PictureDataset:
        samples = read_samples(sources)
        bank = sentence_bank((s.sentence for s in samples), self.text_encoder) if self.text_encoder else None
        augmentation = stage.augmentation if stage else None
        return PictureDataset(samples, self.preprocessing, self.recipe.grid, bank, augmentation, self.recipe.seed)

    def dataset(self, stage: Stage) -> PictureDataset:
        dataset = self._dataset(stage.data, stage)
        if stage.chosen(self.options).cache_features:
            dataset.use_cache(frozen_features.feature_cache(self.model.front_end, self.preprocessing))
        return dataset

    def learners(self, stage: Stage, steps: int, run: Run) -> list[Learner]:
        return [Learner(Grouped(self.model), parameter_groups(self.model, stage), steps, run)]

    def step(self, batch: Batch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        with autocast(batch.index.device):
            output = learners[0].network(batch.pictures, batch.index, batch.text)
        own = self.model.losses
        weights = {name: weight for name, weight in stage.loss.items() if name not in own}
        total, terms = WeightedLoss(weights)(output.map, batch.density, batch.fixations)
        for name, weight in stage.loss.items():
            if name in own:
                value = own[name](output, batch)
                total = total + weight * value
                terms[name] = value.detach()
        learners[0].update(total)
        return {name: float(value) for name, value in {"loss": total.detach(), **terms}.items()}

    def forward(self, model: nn.Module, batch: Batch) -> SaliencyOutput:
        with autocast(batch.index.device):
            return Grouped(model)(batch.pictures, batch.index, batch.text)

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean CC of each condition on the grid, and their mean as the score."""
        found: dict[str, list[float]] = defaultdict(list)
        loader = DataLoader(self.validation, batch_size=8, collate_fn=self.validation.collate)
        for batch in loader:
            batch = batch.to(next(model.parameters()).device)
            output = self.forward(model, batch)
            values = formulas.correlation(output.map.double(), batch.density.double()).flatten().tolist()
            for condition, value in zip(batch.conditions, values, strict=True):
                found[condition].append(value)
        scores = {condition: sum(values) / len(values) for condition, values in sorted(found.items())}
        return {"score": sum(scores.values()) / len(scores)} | scores
