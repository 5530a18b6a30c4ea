"""Adversarial training (SalGAN, CLIP-SalGAN): a discriminator learns to distinguish a model's maps from human ones."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from ...errors import RecipeError
from ...losses import WeightedLoss, adversarial
from ...models.blocks import resize
from ...models.discriminators import DISCRIMINATORS
from ...models.features import SaliencyOutput
from ...runtime.precision import autocast
from ..learner import Learner, Setting, optimizer_of
from ..recipe import Options, Stage
from ..targets.gaze_targets import GazeBatch, PictureDataset
from .method import numbers, shared_output
from .supervised import Supervised


class AdversarialOptions(Options):
    """Options of the adversarial method.

    Attributes:
        discriminator: ``simple`` judges maps, ``salgan`` maps beside their pictures; new in each stage.
        weight: of the adversarial term in the generator's loss, beside the content terms of the stage's ``loss``.
        warm_up_epochs: epochs of the stage with content terms only.
        content_pool: maps are average-pooled by this before the content terms (4 in SalGAN).
        discriminator_rate: the stage's rate where it is not given.
        betas: of Adam, for both networks.
        cycle: the rates rise and fall as in supervised training instead of staying constant. The discriminator's begins
            when it does and is as long as the stage, so that with a long warm-up it hardly falls.
    """

    discriminator: Literal["simple", "salgan"] = "simple"
    weight: float = Field(default=1.0, ge=0)
    warm_up_epochs: int = Field(default=5, ge=0)
    content_pool: int = Field(default=1, ge=1)
    discriminator_rate: float | None = None
    betas: tuple[float, float] = (0.5, 0.999)
    cycle: bool = False


class Adversarial(Supervised):
    """The `Method` of recipes with ``method: adversarial``: in each batch the discriminator learns, then the model.

    Both by the stage's optimiser, at a constant rate unless asked otherwise. SalGAN's loss is
    ``loss: {bce: 0.05}``; see `AdversarialOptions` for the stage's ``options``. With several processes the
    discriminator of each judges all maps of the batch.
    """

    options = AdversarialOptions  # type: ignore[assignment]  # none of caching: the discriminator takes pictures
    own_losses = False

    def check(self) -> None:
        """See `Method.check`; NSS has no meaning on pooled maps."""
        for stage in self.recipe.stages:
            if stage.loss.get("nss") and stage.chosen(self.options).content_pool > 1:
                raise RecipeError(f"The stage “{stage.name}” has “nss” in its loss, which pooled maps do not have.")
        super().check()

    def dataset(self, stage: Stage) -> PictureDataset:
        """The stage's data with pixels, never with cached features: the discriminator takes pictures."""
        return self._dataset(stage.data, stage)

    def learners(self, stage: Stage, steps: int, run: Setting) -> list[Learner]:
        """The generator and the discriminator, in this order."""
        options = stage.chosen(self.options)
        discriminator = DISCRIMINATORS[options.discriminator](*self.recipe.grid).to(memory_format=torch.channels_last)
        rate = stage.rate if options.discriminator_rate is None else options.discriminator_rate
        group = {"params": list(discriminator.parameters()), "lr": rate, "weight_decay": stage.weight_decay}
        return [
            Learner(network, optimizer_of(stage, groups, options.betas), steps, run, options.cycle)
            for network, groups in ((self.network(self.model), self.groups(stage)), (discriminator, [group]))
        ]

    def step(self, batch: GazeBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """Update the discriminator, then the model; before the end of the warm-up the model alone."""
        generator, discriminator = learners
        options = stage.chosen(self.options)
        answer = shared_output(generator.network, batch)
        total, terms = self._content(answer, batch, stage, options.content_pool)
        if epoch >= options.warm_up_epochs:
            pictures = resize(batch.pixels, batch.density.shape[-2:])[batch.index]
            fake = answer.map.to(batch.density.dtype)
            judgement_loss = self._discriminator_loss(discriminator, pictures, batch.density, fake.detach())
            discriminator.update(judgement_loss)
            with autocast(pictures.device):
                judged = discriminator.network(pictures, fake)
            generator_loss = adversarial(judged, real=True)
            total = total + options.weight * generator_loss
            terms |= {"discriminator": judgement_loss, "adversarial": generator_loss}
        generator.update(total)
        return numbers({"loss": total, **terms})

    def _content(
        self, answer: SaliencyOutput, batch: GazeBatch, stage: Stage, pool: int
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The supervised part of the generator's loss, and its terms."""
        loss = WeightedLoss(stage.loss)
        if pool > 1:
            return loss(F.avg_pool2d(answer.map, pool), F.avg_pool2d(batch.density, pool))
        logits = answer.logits if getattr(self.model.config, "activation", None) == "sigmoid" else None
        return loss(answer.map, batch.density, batch.fixations, logits)

    def _discriminator_loss(self, discriminator: Learner, pictures: Tensor, real: Tensor, fake: Tensor) -> Tensor:
        """The discriminator's loss; one pass for both kinds of maps, which distributed training needs."""
        with autocast(pictures.device):
            logits = discriminator.network(pictures.repeat(2, 1, 1, 1), torch.cat([real, fake]))
        return adversarial(logits[: len(real)], real=True) + adversarial(logits[len(real) :], real=False)
