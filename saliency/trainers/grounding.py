"""Word-region grounding, trained on captions whose phrases have boxes.

A phrase's map is the mean of its tokens' logits. Two things are learned: the map is its boxes (cross-entropy and Dice),
and a caption's words find their regions in their own picture rather than in the others of the batch (contrast).
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..data.phrases import PhraseBatch, PhraseDataset
from ..metrics.fixations import exceedance
from ..models.backbones import build_trunk
from ..models.base import ImageFeatures, TextFeatures, select
from ..models.grounding import Grounding
from ..models.scanning import Scanner
from ..models.spec import Preprocessing
from ..precision import autocast
from . import keeping
from .datasets import read_entries, sentence_bank
from .keeping import KeepingOptions, refuse_change
from .loop import Learner, Run, parameter_groups
from .recipe import DataSource, Recipe, Stage


class GroundingModel(nn.Module):
    """A trunk, which gives strides 8, 16 and, for other models, 32, and a `Grounding` on it; what the compact models
    start from."""

    def __init__(self, trunk: nn.Module, grounding: Grounding):
        super().__init__()
        self.trunk = trunk
        self.grounding = grounding

    @property
    def scanner(self) -> Scanner:
        """That of the grounding, but for what a subject would be given."""
        return replace(self.grounding.scanner_on(self.trunk), closer=None)

    def forward(
        self, pictures: Tensor | ImageFeatures, index: Tensor, text: TextFeatures
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Token logits (T, L, h, w) on the regions, regions (N, C, h, w) and words (T, L, C) in the shared space.

        Args:
            pictures: (N, 3, H, W), or what the `scanner` says of them.
        """
        scanned = self.scanner(pictures) if isinstance(pictures, Tensor) else pictures
        regions, features = self.grounding.regard(scanned)
        words, _ = self.grounding.words(text, len(text))
        words = words[:, 1:]
        logits = self.grounding.logits(select(features, index), words, text.tokens)
        return logits, self.grounding.region_space(regions), self.grounding.word_space(words)


def phrase_logits(logits: Tensor, batch: PhraseBatch) -> Tensor:
    """(P, h, w): mean of the logits (T, L, h, w) of each phrase's tokens."""
    return torch.einsum("plhw,pl->phw", logits[batch.caption], batch.tokens)


def box_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Cross-entropy and Dice of phrase logits (P, h, w) against box masks, averaged over phrases."""
    logits = logits.float()
    entropy = F.binary_cross_entropy_with_logits(logits, masks, reduction="none").mean((1, 2))
    map_ = torch.sigmoid(logits)
    dice = 1 - (2 * (map_ * masks).sum((1, 2)) + 1) / ((map_ + masks).sum((1, 2)) + 1)
    return (entropy + dice).mean()


def contrast_loss(regions: Tensor, words: Tensor, batch: PhraseBatch, temperature: Tensor) -> Tensor:
    """InfoNCE between captions and pictures; a caption's score is how well its words find a region.

    Args:
        regions: (N, C, h, w) and words: (T, L, C) in the shared space.
        temperature: scale of the similarities.
    """
    content, index = batch.text.words.float(), batch.index
    regions = F.normalize(F.avg_pool2d(regions.float(), 2).flatten(2), dim=1)
    words = F.normalize(words.float(), dim=2)
    found = torch.einsum("ncr,tlc->tlnr", regions, words)
    strongest = torch.logsumexp(found * 20, dim=-1) / 20
    scores = torch.einsum("tln,tl->tn", strongest, content / content.sum(1, keepdim=True).clamp(min=1)) * temperature
    to_picture = F.cross_entropy(scores, index)
    own = index[:, None] == torch.arange(scores.shape[1], device=scores.device)
    to_caption = -(torch.log_softmax(scores, dim=0) * own).sum() / own.sum()
    return (to_picture + to_caption) / 2


def build_model(
    trunk: str = "resnet50_v2", text_dim: int = 384, dim: int = 192, objects: bool = False, subject: bool = False
) -> GroundingModel:
    """A fresh `GroundingModel` on the trunk of this name; see `Grounding` for the rest."""
    network = build_trunk(trunk, levels=(8, 16, 32))
    return GroundingModel(network, Grounding(network.channels, text_dim, dim, objects, subject))


@torch.inference_mode()
def measure(model: GroundingModel, phrases: PhraseDataset) -> dict[str, float]:
    """How well `model` points at what phrases name.

    Returns:
        ``score``, pointing accuracy: how often a phrase's strongest region lies, by more than half, in its boxes;
        ``box_auc``, AUC of the phrases' maps against their boxes; ``phrases``, their number.
    """
    hits, areas = [], []
    for batch in DataLoader(phrases, batch_size=16, collate_fn=phrases.collate):
        batch = batch.to(next(model.parameters()).device)
        with autocast(batch.index.device):
            logits, _, _ = model(batch.pictures, batch.index, batch.text)
        for map_, mask in zip(phrase_logits(logits.float(), batch).flatten(1), batch.masks.flatten(1), strict=True):
            hits.append(bool(mask[map_.argmax()] > 0.5))
            inside = (mask > 0.5).numpy(force=True)
            if inside.any() and not inside.all():
                values = map_.numpy(force=True)
                areas.append(exceedance(values[inside], values[~inside]))
    return {"score": sum(hits) / len(hits), "box_auc": sum(areas) / len(areas), "phrases": float(len(hits))}


class GroundingOptions(KeepingOptions):
    """
    Attributes:
        captions: so many a picture, drawn anew every epoch.
    """

    captions: int = Field(default=2, ge=1)


class GroundingMethod:
    """The `Method` of recipes with ``method: grounding``. Stage loss: weights of ``boxes`` and ``contrast``.

    The score is pointing accuracy: how often a phrase's strongest region lies, by more than half, in one of its boxes.
    """

    options = GroundingOptions
    terms = ("boxes", "contrast")
    augmentations = ("flip", "brightness", "contrast")

    def __init__(self, recipe: Recipe, model: GroundingModel, preprocessing: Preprocessing, text_encoder: str):
        self.recipe = recipe
        self.model = model.to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        self.text_encoder = text_encoder
        for stage in recipe.stages:
            refuse_change(self.model, stage)
        self.validation = self._dataset((recipe.validation,), None, captions=5)

    def _dataset(self, sources: tuple[DataSource, ...], stage: Stage | None, captions: int) -> PhraseDataset:
        entries = [entry for entry in read_entries(sources) if any(caption.phrases for caption in entry.captions)]
        bank = sentence_bank((caption.text for entry in entries for caption in entry.captions), self.text_encoder)
        augmentation = stage.augmentation if stage else None
        return PhraseDataset(
            entries, self.preprocessing, self.recipe.grid, bank, augmentation, captions, self.recipe.seed
        )

    def dataset(self, stage: Stage) -> PhraseDataset:
        options = stage.chosen(self.options)
        dataset = self._dataset(stage.data, stage, options.captions)
        self.validation.kept = None  # of a stage before, with another trunk
        if options.keep:
            kept = keeping.kept(self.model.scanner, self.preprocessing)
            dataset.keep(kept)
            self.validation.keep(kept)
        return dataset

    def learners(self, stage: Stage, steps: int, run: Run) -> list[Learner]:
        return [Learner(self.model, parameter_groups(self.model, stage), steps, run)]

    def step(self, batch: PhraseBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        with autocast(batch.index.device):
            logits, regions, words = learners[0].network(batch.pictures, batch.index, batch.text)
        boxes = box_loss(phrase_logits(logits.float(), batch), batch.masks)
        contrast = contrast_loss(regions, words, batch, self.model.grounding.scale.exp())
        learners[0].update(stage.loss.get("boxes", 0.0) * boxes + stage.loss.get("contrast", 0.0) * contrast)
        return {"boxes": float(boxes.detach()), "contrast": float(contrast.detach())}

    def look(self, model: nn.Module, batch: PhraseBatch) -> tuple[Tensor, Tensor, Tensor]:
        with autocast(batch.index.device):
            return model(batch.pictures, batch.index, batch.text)

    def validate(self, model: nn.Module) -> dict[str, float]:
        """Pointing accuracy of phrases, and the AUC of their maps against their boxes."""
        return measure(model, self.validation)
