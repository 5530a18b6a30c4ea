"""Training of the `Presence` of a referent head: sentences about the picture against those about other pictures.

All other parts are frozen, and their features are cached.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ...errors import RecipeError
from ...metrics.fixations import exceedance
from ...models.features import ImageFeatures, TextFeatures, select
from ...models.grounding import GroundingModel
from ..learner import Learner, parameter_groups
from ..recipe import Stage
from .method import measured, numbers, output
from .referent import ReferentBatch, ReferentMethod

TRAINED_PREFIX = "grounding.referent.presence."


class PresenceModel(nn.Module):
    """The presence of a referent head as a model with one forward call, so that Accelerate can distribute it."""

    def __init__(self, model: GroundingModel):
        super().__init__()
        self.referent: Any = model.grounding.referent

    def forward(self, front_features: ImageFeatures, index: Tensor, text: TextFeatures) -> tuple[Tensor, Tensor]:
        """Logits (T,) of sentence t in picture ``index[t]`` of N, and in another one of them."""
        features = self.referent.encode(front_features)
        other = select(features, others(index, len(features["keys"])))
        return self.referent.presence_of(select(features, index), text), self.referent.presence_of(other, text)


def others(index: Tensor, pictures: int) -> Tensor:
    """For each of T sentences another picture than its own, 0 <= index < `pictures`, each as often as can be.

    Of one picture it is this one.
    """
    steps = torch.arange(len(index), device=index.device) % max(pictures - 1, 1) + 1
    return (index + steps) % pictures


class PresenceMethod(ReferentMethod):
    """The `Method` of recipes with ``method: presence``; only the presence is trained.

    Its loss is the binary cross-entropy. The score is the area under the ROC curve of sentences in their own picture
    against sentences in another.
    """

    terms = ("bce",)

    def check(self) -> None:
        """Raises `RecipeError` for a model whose referent head estimates no presence."""
        super().check()
        if self.model.grounding.referent.presence is None:
            raise RecipeError("The recipe's model has no presence to train: set “presence: true”.")

    def network(self, model: GroundingModel) -> Any:
        """The forward pass from cached features."""
        return PresenceModel(model)

    def groups(self, stage: Stage) -> list[dict[str, Any]]:
        """Groups of the presence alone; everything else is frozen."""
        return parameter_groups(self.model, stage.model_copy(update={"rates": {"": 0.0, TRAINED_PREFIX: stage.rate}}))

    def step(self, batch: ReferentBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update by the cross-entropy of both halves.

        Every process computes it of the whole batch: a sentence's other picture may be in any part of it.
        """
        own, other = output(learners[0].network, batch)
        total = (F.softplus(-own.float()).mean() + F.softplus(other.float()).mean()) / 2
        learners[0].update(total)
        return numbers({"loss": total})

    @torch.inference_mode()
    def validate(self, model: GroundingModel) -> dict[str, float]:
        """The area under the ROC curve, and the threshold that one of twenty sentences in their own picture misses."""
        if self.validation.cache is None:
            self.validation.use_cache(self._cache(model))
        network = self.network(model)

        def pairs(batch: ReferentBatch) -> list[list[float]]:
            if batch.index.max() == 0:  # a last batch of one picture has no other
                return []
            return torch.stack(output(network, batch), 1).tolist()

        positive, negative = torch.tensor(measured(network, self.validation, pairs)).unbind(1)
        area = exceedance(positive.numpy(force=True), negative.numpy(force=True))
        return {"score": area, "threshold": float(torch.sigmoid(positive.quantile(0.05)))}
