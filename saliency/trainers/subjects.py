"""What a sentence is about (`models.grounding.Subject`), learned with all else as it is: on captions, on gaze, and on
what an object detector finds where there are neither.

All else being as it is, what it says of a picture is found once and kept (`data.kept`): it costs as much as the
learning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import DataLoader

from ..data.detected import Detections, detected_scenes
from ..data.kept import KeepableDataset, KeptFeatures
from ..data.sentences import SentenceBank
from ..data.subjects import Scene, Told, captioned, scenes, watched
from ..data.training import mirror_words, moved
from ..errors import RecipeError
from ..losses import TERMS, WeightedLoss
from ..metrics import formulas
from ..models.features import ImageFeatures, TextFeatures, select
from ..models.grounding import GroundingModel
from ..precision import autocast
from ..preprocessing import Preprocessing, flipped
from . import keeping
from .datasets import read_entries, read_pictures, read_samples, sentence_bank
from .detections import detections
from .loop import Learner, Run, parameter_groups
from .recipe import DataSource, Options, Recipe, Stage

LEARNS = "grounding.subject."


@dataclass(frozen=True)
class SubjectBatch:
    """N pictures and T sentences about things in them.

    Attributes:
        given: what the subject is given of the pictures; see `models.front_end.FrontEnd.given`.
        index: (T,) picture of each sentence.
        text: T sentences.
        target: (T, 1, h, w) in [0, 1], bumps where what the sentence is about is, or where people looked.
    """

    given: ImageFeatures
    index: Tensor
    text: TextFeatures
    target: Tensor

    def to(self, device: torch.device | str, **_: object) -> SubjectBatch:
        """A copy on `device`; Accelerate moves batches by this."""
        return replace(self, **moved(vars(self), device))


class SubjectDataset(KeepableDataset):
    """Scenes, each with `sentences` of its sentences, drawn anew every epoch. Batches need them to be kept.

    Args:
        preprocessing: of the model (``fit="squash"``).
        grid: (h, w) of the targets.
        flip: probability that a scene is always mirrored; its sentences' left and right change places.
        sentences: so many a scene; None is all.
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
        super().__init__([[one.image_path for one in scene.pictures] for scene in scenes], preprocessing, flip)
        self.scenes = scenes
        self.grid = grid
        self.bank = bank
        self.sentences = sentences
        self.seed = seed

    def picture(self, number: int) -> np.ndarray:
        return self.scenes[number].picture(self.preprocessing)

    def __getitem__(self, number: int) -> tuple[int, list[Told]]:
        """The scene's number and some of its sentences."""
        generator = np.random.default_rng((self.seed, self.epoch, number))
        known = self.scenes[number].sentences
        drawn = sorted(generator.permutation(len(known))[: self.sentences])
        return number, [known[i] for i in drawn]

    def collate(self, items: Sequence[tuple[int, Sequence[Told]]]) -> SubjectBatch:
        """One batch of `items`."""
        rows = [(row, told, self.flips[number]) for row, (number, group) in enumerate(items) for told in group]
        targets = [flipped(torch.from_numpy(told.target(self.grid)).float()[None], flip) for _, told, flip in rows]
        return SubjectBatch(
            given=self.kept.gather([self.names[number] for number, _ in items]),
            index=torch.tensor([row for row, _, _ in rows]),
            text=self.bank.gather([mirror_words(told.sentence) if flip else told.sentence for _, told, flip in rows]),
            target=torch.stack(targets),
        )


class Asking(nn.Module):
    """A subject asked about pictures; one forward call, so that Accelerate may distribute it."""

    def __init__(self, model: GroundingModel):
        super().__init__()
        self.subject = model.grounding.subject

    def forward(self, given: ImageFeatures, index: Tensor, text: TextFeatures) -> Tensor:
        """(T, 1, h, w) in [0, 1]: where what sentence t, about picture ``index[t]`` of N, is about is."""
        return self.subject(select(self.subject.encode(given), index), text)


class SubjectOptions(Options):
    """
    Attributes:
        singles: so many pictures with captions, and so many of those that a detector names, are also seen alone and
            not only in mosaics of four.
        sentences: a picture or mosaic, drawn anew every epoch.
        parts: so many short sentences are made of a picture's captions.
        named: so many sentences are made of what a detector finds in a picture or mosaic.
    """

    singles: int = Field(default=0, ge=0)
    sentences: int = Field(default=4, ge=1)
    parts: int = Field(default=3, ge=0)
    named: int = Field(default=10, ge=1)


class SubjectMethod:
    """The `Method` of recipes with ``method: subjects``; only the subject learns, and only with ``subject: true``.

    Stage loss: see `losses.WeightedLoss`. The score is the mean CC of the subject's map with the target.
    """

    options = SubjectOptions
    terms = tuple(term for term in TERMS if term != "nss")  # captions have no fixations
    augmentations = ("flip",)

    def __init__(self, recipe: Recipe, model: GroundingModel, preprocessing: Preprocessing, text_encoder: str):
        self.recipe = recipe
        self.model = model.to(memory_format=torch.channels_last)
        if self.model.grounding.subject is None:
            raise RecipeError("The recipe's model has no subject that could learn: set “subject: true”.")
        self.preprocessing = preprocessing
        self.text_encoder = text_encoder
        if recipe.validation.detected:
            raise RecipeError("What a detector finds teaches, but validates nothing: choose pictures with captions.")
        self.validation = self._dataset((recipe.validation,), SubjectOptions(singles=10**9))

    def _dataset(self, sources: tuple[DataSource, ...], options: SubjectOptions, **drawn: object) -> SubjectDataset:
        captions = read_entries(s for s in sources if s.reader == "flickr8k_entities")
        gaze = read_samples(s for s in sources if s.reader != "flickr8k_entities" and not s.detected)
        found = scenes(captioned(captions, options.parts), watched(gaze), options.singles)
        if shown := [source for source in sources if source.detected]:
            found += detected_scenes(self._detections(shown), options.named, options.singles)
        if not found:
            raise RecipeError("The recipe's data have no sentence about a thing that is in a known place.")
        bank = sentence_bank((one.sentence for scene in found for one in scene.sentences), self.text_encoder)
        grid = self.model.grounding.subject.grid
        return SubjectDataset(found, self.preprocessing, grid, bank, seed=self.recipe.seed, **drawn)

    def _detections(self, sources: Sequence[DataSource]) -> dict[Path, Detections]:
        """What the model's own detector finds in the pictures."""
        detector = self.model.grounding.objects
        if detector is None:
            raise RecipeError("The recipe's model has no object detector that could name things: set “objects: true”.")
        found = detections(read_pictures(sources), detector, keeping.FEATURES)
        if not any(found.values()):
            raise RecipeError("The detector finds nothing in the pictures that it is to name things in.")
        return found

    def dataset(self, stage: Stage) -> SubjectDataset:
        options = stage.chosen(self.options)
        dataset = self._dataset(stage.data, options, flip=stage.augmentation.flip, sentences=options.sentences)
        kept = self._kept(self.model)
        for needed in (dataset, self.validation):
            needed.keep(kept)
        return dataset

    def _kept(self, model: GroundingModel) -> KeptFeatures:
        """What the model's trunk and detector give a subject of pictures."""
        front_end = model.grounding.front_end_on(model.trunk)
        return keeping.kept(front_end, self.preprocessing, front_end.given)

    def learners(self, stage: Stage, steps: int, run: Run) -> list[Learner]:
        rates = {"": 0.0, LEARNS: stage.rate} | stage.rates
        groups = parameter_groups(self.model, stage.model_copy(update={"rates": rates}))
        return [Learner(Asking(self.model), groups, steps, run)]

    def step(self, batch: SubjectBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        with autocast(batch.target.device):
            answer = learners[0].network(batch.given, batch.index, batch.text)
        total, terms = WeightedLoss(stage.loss)(answer, batch.target)
        learners[0].update(total)
        return {name: float(value) for name, value in {"loss": total.detach(), **terms}.items()}

    def look(self, model: GroundingModel, batch: SubjectBatch) -> Tensor:
        with autocast(batch.target.device):
            return Asking(model)(batch.given, batch.index, batch.text)

    @torch.inference_mode()
    def validate(self, model: GroundingModel) -> dict[str, float]:
        """Mean CC of the subject's map with bumps where what the sentence is about is, alone and in mosaics."""
        if self.validation.kept is None:
            self.validation.keep(self._kept(model))
        found = []
        for batch in DataLoader(self.validation, batch_size=8, collate_fn=self.validation.collate):
            batch = batch.to(next(model.parameters()).device)
            answer = self.look(model, batch)
            found += formulas.correlation(answer.double(), batch.target.double()).flatten().tolist()
        return {"score": sum(found) / len(found), "sentences": float(len(found))}
