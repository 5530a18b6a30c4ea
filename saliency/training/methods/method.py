"""The base class of training methods: the interface that the loop calls, and its usual implementation."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ...models.base import SaliencyModel
from ...preprocessing import Preprocessing
from ...runtime import processes
from ...runtime.precision import autocast
from ..feature_cache import CacheableDataset
from ..frozen_features import CachingOptions, check_cacheable, feature_cache
from ..learner import Learner, Setting, optimizer_of, parameter_groups
from ..recipe import Options, Recipe, Stage
from ..targets.batch import Batch

Row = TypeVar("Row")


class Method(ABC):
    """A kind of training: what is learned in a step, and what is measured after an epoch.

    Args:
        recipe: of the run.
        model: what is trained, whole or in part.
        preprocessing: of its pictures.
        text_encoder: name of its text encoder; None for text-blind models.

    Raises:
        RecipeError: the recipe asks for what the model or its data do not have.

    Attributes:
        trains: the networks that it trains, or whose part it trains.
        options: what a stage's ``options`` may hold.
        terms: of a stage's loss.
        own_losses: whether terms of the model's own (`SaliencyModel.losses`) may be among them.
        augmentations: of a stage's pictures, names of fields of `Augmentation`.
        validation: the data set that the epochs are compared on.
    """

    trains: ClassVar[type[nn.Module]] = SaliencyModel
    options: ClassVar[type[Options]] = Options
    terms: ClassVar[tuple[str, ...]]
    own_losses: ClassVar[bool] = False
    augmentations: ClassVar[tuple[str, ...]]

    def __init__(self, recipe: Recipe, model: nn.Module, preprocessing: Preprocessing, text_encoder: str | None):
        self.recipe = recipe
        self.model: Any = model.to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        self.text_encoder = text_encoder
        self.check()
        self.validation = self.validation_dataset()

    def check(self) -> None:
        """Raises `RecipeError` where recipe and model do not fit; called before data are read."""
        for stage in self.recipe.stages:
            check_cacheable(self.model, stage)

    @abstractmethod
    def validation_dataset(self) -> CacheableDataset:
        """The data set of the recipe's ``validation``."""

    @abstractmethod
    def dataset(self, stage: Stage) -> CacheableDataset:
        """The data set of a stage; it has ``set_epoch`` and ``collate``."""

    def use_cache(self, dataset: CacheableDataset, options: CachingOptions) -> None:
        """Cache the front-end features of a stage's data set and of the validation pictures where `options` ask so."""
        self.validation.cache = None  # of an earlier stage with another trunk
        if options.cache_features:
            cache = feature_cache(self.model.front_end, self.preprocessing)
            dataset.use_cache(cache)
            self.validation.use_cache(cache)

    def network(self, model: nn.Module) -> nn.Module:
        """`model` with one forward call (pictures, index, text), so that Accelerate can distribute it."""
        return model

    def groups(self, stage: Stage) -> list[dict[str, Any]]:
        """Optimiser groups of the model's parameters, see `parameter_groups`."""
        return parameter_groups(self.model, stage)

    def learners(self, stage: Stage, steps: int, run: Setting) -> list[Learner]:
        """The networks with optimisers of a stage of `steps` steps; the model's comes first."""
        return [Learner(self.network(self.model), optimizer_of(stage, self.groups(stage)), steps, run)]

    @abstractmethod
    def step(self, batch: Any, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update on `batch`, which every process has whole; its loss and terms by name.

        Args:
            epoch: counted within the stage.
        """

    def forward(self, model: nn.Module, batch: Batch) -> Any:
        """The output of `model` for a batch."""
        return output(self.network(model), batch)

    @abstractmethod
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Scores of `model` on `validation`; the one named ``score`` chooses the best epoch."""


def numbers(terms: Mapping[str, Tensor]) -> dict[str, float]:
    """The loss and its terms as numbers, for `Method.step`."""
    return {name: float(value.detach()) for name, value in terms.items()}


def output(network: nn.Module, batch: Batch) -> Any:
    """The output of `network` (see `Method.network`) for a batch, in the number format of its device."""
    with autocast(batch.device):
        return network(*batch.inputs)


def shared_output(network: nn.Module, batch: Batch) -> Any:
    """The same, of which each process computes the part of its own pictures. The loss is then every process's own.

    Every process has the whole batch: targets, and losses that compare pictures with one another, are those of one
    process.
    """
    if processes.count() == 1:
        return output(network, batch)
    pictures = processes.span(int(batch.index.max()) + 1)
    with processes.whole_batch_norms(network):
        return processes.concatenated(output(network, batch.part(pictures)))


def measured(
    network: nn.Module, dataset: CacheableDataset, measure: Callable[[Any], Iterable[Row]], size: int = 8
) -> list[Row]:
    """What `measure` gives of the batches of a data set, in order; the processes share the batches.

    Args:
        network: computes on the device of its weights, on which `measure` gets the batches.
        size: pictures per batch.
    """
    device = next(network.parameters()).device
    numbers = range(len(dataset))
    own = processes.own([numbers[start : start + size] for start in numbers[::size]])
    loader = DataLoader(dataset, batch_sampler=own, collate_fn=dataset.collate)
    rows = [list(measure(batch.to(device))) for batch in loader]
    return list(chain.from_iterable(processes.in_order(rows)))
