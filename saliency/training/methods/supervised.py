"""Supervised training of a saliency model on maps of gaze."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ...errors import RecipeError
from ...losses import TERMS, WeightedLoss
from ...metrics import formulas
from ...models.base import SaliencyModel
from ...models.features import ImageFeatures, SaliencyOutput, TextFeatures, select
from .. import frozen_features
from ..datasets import read_samples, sentence_bank
from ..frozen_features import CachingOptions
from ..learner import Learner
from ..recipe import DataSource, Stage
from ..targets.gaze_targets import GazeBatch, PictureDataset
from .method import Method, measured, numbers, output, shared_output


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
        return self.model.decode(select(self.model.encode(pictures), index), text)


class Supervised(Method):
    """The `Method` of recipes with ``method: supervised``.

    Stage loss: see `losses.WeightedLoss`; beside its terms the model's own, see `SaliencyModel.losses`.
    """

    options = CachingOptions
    terms = TERMS
    own_losses = True
    augmentations = ("flip", "brightness", "contrast", "crop")

    def check(self) -> None:
        """See `Method.check`; the recipe's grid must be that of the model's maps."""
        super().check()
        self._check_grid()

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

    def validation_dataset(self) -> PictureDataset:
        """The validation samples without augmentation."""
        return self._dataset((self.recipe.validation,), None)

    def dataset(self, stage: Stage) -> PictureDataset:
        """The stage's samples, with cached front-end features where asked for."""
        dataset = self._dataset(stage.data, stage)
        if stage.chosen(self.options).cache_features:
            dataset.use_cache(frozen_features.feature_cache(self.model.front_end, self.preprocessing))
        return dataset

    def network(self, model: SaliencyModel) -> Grouped:
        """The model with a forward call on pictures, index and text."""
        return Grouped(model)

    def step(self, batch: GazeBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update by the weighted terms of the stage's loss, the model's own among them."""
        answer = shared_output(learners[0].network, batch)
        own = self.model.losses
        weights = {name: weight for name, weight in stage.loss.items() if name not in own}
        total, terms = WeightedLoss(weights)(answer.map, batch.density, batch.fixations)
        for name, weight in stage.loss.items():
            if name in own:
                terms[name] = own[name](answer, batch)
                total = total + weight * terms[name]
        learners[0].update(total)
        return numbers({"loss": total, **terms})

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean CC of each condition on the grid, and their mean as the score."""
        network = self.network(model)

        def correlations(batch: GazeBatch) -> Iterator[tuple[str, float]]:
            maps = output(network, batch).map
            values = formulas.correlation(maps.double(), batch.density.double()).flatten().tolist()
            return zip(batch.conditions, values, strict=True)

        found: dict[str, list[float]] = defaultdict(list)
        for condition, value in measured(network, self.validation, correlations):
            found[condition].append(value)
        scores = {condition: sum(values) / len(values) for condition, values in sorted(found.items())}
        return {"score": sum(scores.values()) / len(scores)} | scores
