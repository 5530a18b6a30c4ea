"""Captioning: bidirectional language modelling of captions, as VirTex is trained (Desai, Johnson, CVPR 2021)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import nn

from ...errors import RecipeError
from ...metrics.captions import caption_scores
from ...models.captioner import Captioner
from ...models.text import WordPieces, load_word_pieces
from ...runtime.precision import autocast
from ..datasets import read_entries
from ..frozen_features import CachingOptions
from ..learner import Learner
from ..recipe import DataSource, Stage
from ..targets.augmentation import mirror_words
from ..targets.caption_batches import CaptionBatch, CaptionDataset, CaptionTokens
from .method import Method, measured, numbers, shared_output

REFERENCES = 5  # captions of a validation picture


class CaptioningOptions(CachingOptions):
    """Options of the captioning method.

    Attributes:
        captions: number per picture, drawn every epoch.
    """

    captions: int = Field(default=1, ge=1)


class Captioning(Method):
    """The `Method` of recipes with ``method: captioning``. Stage loss: weights of ``forward`` and ``backward``.

    The vocabulary is filled from the captions of the recipe's stages. The score is CIDEr-D of captions by beam search.
    """

    trains = Captioner
    options = CaptioningOptions
    terms = ("forward", "backward")
    augmentations = ("flip", "brightness", "contrast")

    def check(self) -> None:
        """See `Method.check`; the vocabulary is filled here, before weights are loaded over it."""
        super().check()
        if self.text_encoder is None:
            raise RecipeError("The recipe's model has no text encoder, whose tokeniser splits the captions.")
        self._tokeniser: WordPieces = load_word_pieces(self.text_encoder)
        sources = {source.root: source for stage in self.recipe.stages for source in stage.data}
        known = [caption for entry in read_entries(sources.values()) for caption in entry.captions]
        self.model.vocabulary.fill(self._words(caption.text for caption in known).pieces.values())

    def _words(self, captions: Iterable[str]) -> CaptionTokens:
        return CaptionTokens(captions, self._tokeniser, self.model.vocabulary, self.model.config.length)

    def _dataset(self, sources: tuple[DataSource, ...], stage: Stage | None, captions: int) -> CaptionDataset:
        entries = read_entries(sources)
        texts = [caption.text for entry in entries for caption in entry.captions]
        words = self._words([*texts, *map(mirror_words, texts)])
        augmentation = stage.augmentation if stage else None
        return CaptionDataset(entries, self.preprocessing, words, augmentation, captions, self.recipe.seed)

    def validation_dataset(self) -> CaptionDataset:
        """The validation pictures with their captions."""
        return self._dataset((self.recipe.validation,), None, REFERENCES)

    def dataset(self, stage: Stage) -> CaptionDataset:
        """The stage's pictures with captions, with cached features where asked for."""
        options = stage.chosen(self.options)
        dataset = self._dataset(stage.data, stage, options.captions)
        self.use_cache(dataset, options)
        return dataset

    def step(self, batch: CaptionBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update by the weighted sum of both decoders' cross-entropies."""
        predicted = zip(self.terms, shared_output(learners[0].network, batch), strict=True)
        terms = {name: F.cross_entropy(one.logits.float(), one.tokens) for name, one in predicted}
        total = sum((stage.loss.get(name, 0.0) * value for name, value in terms.items()), torch.zeros(()))
        learners[0].update(total)
        return numbers({"loss": total, **terms})

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """CIDEr-D as the score, BLEU-4, and the cross-entropy of a token in nats."""
        assert isinstance(model, Captioner)

        def sentences_and_loss(batch: CaptionBatch) -> Iterator[tuple[list[str], float]]:
            with autocast(batch.device):
                features = model.encode(batch.pictures)
                ahead, _ = model(batch.pictures, batch.captions)
                predicted = model.describe(features)
            rows = (model.vocabulary.piece_ids(row) for row in predicted.tokens.tolist())
            yield (
                [self._tokeniser.spelled(row)[0] for row in rows],
                float(F.cross_entropy(ahead.logits.float(), ahead.tokens)),
            )

        found = measured(model, self.validation, sentences_and_loss)
        candidates = [sentence for sentences, _ in found for sentence in sentences]
        losses = [loss for _, loss in found]
        references = [[caption.text for caption in entry.captions] for entry in self.validation.entries]
        scores = caption_scores(candidates, references)
        return {"score": scores.cider, "bleu_4": scores.bleu_4, "nats": sum(losses) / len(losses)}
