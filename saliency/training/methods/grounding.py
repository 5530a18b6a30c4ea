"""Word-region grounding, trained on captions whose phrases have boxes.

A phrase's map is the mean of its tokens' logits. The losses are cross-entropy and Dice of that map against the boxes,
and a contrastive loss between captions and the pictures of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator

import torch
from pydantic import Field
from torch import Tensor, nn

from ...losses import box_loss, contrast_loss
from ...metrics.fixations import exceedance
from ...models.grounding import GroundingModel
from ..datasets import read_entries, sentence_bank
from ..frozen_features import CachingOptions
from ..learner import Learner
from ..recipe import DataSource, Stage
from ..targets.phrases import PhraseBatch, PhraseDataset
from .method import Method, measured, numbers, output, shared_output


def phrase_logits(logits: Tensor, batch: PhraseBatch) -> Tensor:
    """(P, h, w): mean of the logits (T, L, h, w) of each phrase's tokens."""
    return torch.einsum("plhw,pl->phw", logits[batch.caption], batch.tokens)


@torch.inference_mode()
def measure(model: GroundingModel, phrases: PhraseDataset) -> dict[str, float]:
    """Pointing accuracy of `model` on phrases with boxes.

    Returns:
        ``score``, pointing accuracy: how often a phrase's strongest region lies, by more than half, in its boxes;
        ``box_auc``, AUC of the phrases' maps against their boxes; ``phrases``, their number.
    """

    def hits_and_areas(batch: PhraseBatch) -> Iterator[tuple[bool, float | None]]:
        logits, _, _ = output(model, batch)
        for map_, mask in zip(phrase_logits(logits.float(), batch).flatten(1), batch.masks.flatten(1), strict=True):
            inside = (mask > 0.5).numpy(force=True)
            values = map_.numpy(force=True)
            mixed = inside.any() and not inside.all()
            area = exceedance(values[inside], values[~inside]) if mixed else None
            yield bool(mask[map_.argmax()] > 0.5), area

    found = measured(model, phrases, hits_and_areas, size=16)
    hits, areas = [hit for hit, _ in found], [area for _, area in found if area is not None]
    return {"score": sum(hits) / len(hits), "box_auc": sum(areas) / len(areas), "phrases": float(len(hits))}


class GroundingOptions(CachingOptions):
    """Options of the grounding method.

    Attributes:
        captions: number per picture, drawn every epoch.
    """

    captions: int = Field(default=2, ge=1)


class GroundingMethod(Method):
    """The `Method` of recipes with ``method: grounding``. Stage loss: weights of ``boxes`` and ``contrast``.

    The score is pointing accuracy: how often a phrase's strongest region lies, by more than half, in one of its boxes.
    """

    options = GroundingOptions
    terms = ("boxes", "contrast")
    augmentations = ("flip", "brightness", "contrast")

    def _dataset(self, sources: tuple[DataSource, ...], stage: Stage | None, captions: int) -> PhraseDataset:
        entries = [entry for entry in read_entries(sources) if any(caption.phrases for caption in entry.captions)]
        bank = sentence_bank((caption.text for entry in entries for caption in entry.captions), self.text_encoder)
        augmentation = stage.augmentation if stage else None
        return PhraseDataset(
            entries, self.preprocessing, self.recipe.grid, bank, augmentation, captions, self.recipe.seed
        )

    def validation_dataset(self) -> PhraseDataset:
        """The validation pictures with up to five captions each."""
        return self._dataset((self.recipe.validation,), None, captions=5)

    def dataset(self, stage: Stage) -> PhraseDataset:
        """The stage's pictures with captions and boxes, with cached features where asked for."""
        options = stage.chosen(self.options)
        dataset = self._dataset(stage.data, stage, options.captions)
        self.use_cache(dataset, options)
        return dataset

    def step(self, batch: PhraseBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update by the weighted sum of the box loss and the contrastive loss."""
        logits, regions, words = shared_output(learners[0].network, batch)
        boxes = box_loss(phrase_logits(logits.float(), batch), batch.masks)
        contrast = contrast_loss(regions, words, batch.text.words, batch.index, self.model.grounding.scale.exp())
        learners[0].update(stage.loss.get("boxes", 0.0) * boxes + stage.loss.get("contrast", 0.0) * contrast)
        return numbers({"boxes": boxes, "contrast": contrast})

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Pointing accuracy of phrases, and the AUC of their maps against their boxes."""
        return measure(model, self.validation)
