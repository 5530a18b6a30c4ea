"""What a sentence is about (`models.grounding.Subject`), learned on captions, with all else as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from ..data.sentences import SentenceBank
from ..data.subjects import About, Scene, scenes
from ..data.training import flipped, mirror_words, stacked
from ..errors import RecipeError
from ..losses import WeightedLoss
from ..metrics import formulas
from ..models.base import TextFeatures, select
from ..models.spec import Preprocessing
from ..precision import autocast
from ..preprocessing import normalise
from .datasets import read_entries, sentence_bank
from .grounding import GroundingModel
from .loop import Learner, Run, parameter_groups
from .recipe import DataSource, Options, Recipe, Stage

LEARNS = "grounding.subject."


@dataclass(frozen=True)
class SubjectBatch:
    """N pictures and T sentences about things in them.

    Attributes:
        pixels: (N, 3, H, W).
        index: (T,) picture of each sentence.
        text: T sentences.
        target: (T, 1, h, w) in [0, 1], bumps where what the sentence is about is.
    """

    pixels: Tensor
    index: Tensor
    text: TextFeatures
    target: Tensor

    def to(self, device: torch.device | str, **_: object) -> SubjectBatch:
        """A copy on `device`; Accelerate moves batches by this."""
        return replace(self, **{name: value.to(device) for name, value in vars(self).items()})


class SubjectDataset(Dataset):
    """Scenes, each with `sentences` of its sentences, drawn anew every epoch.

    Args:
        preprocessing: of the model (``fit="squash"``).
        grid: (h, w) of the targets.
        flip: probability of mirroring a scene; its sentences' left and right change places.
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
        self.scenes = scenes
        self.preprocessing = preprocessing
        self.grid = grid
        self.bank = bank
        self.flip = flip
        self.sentences = sentences
        self.seed = seed
        self.epoch = 0
        self.pictures = [scene.picture(preprocessing) for scene in scenes]

    def set_epoch(self, epoch: int) -> None:
        """Draw other sentences than in the epoch before."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.scenes)

    def __getitem__(self, number: int) -> tuple[int, list[About], bool]:
        """The scene's number, some of its sentences, and whether both are to be mirrored."""
        generator = np.random.default_rng((self.seed, self.epoch, number))
        known = self.scenes[number].sentences
        drawn = sorted(generator.permutation(len(known))[: self.sentences])
        return number, [known[i] for i in drawn], generator.random() < self.flip

    def collate(self, items: Sequence[tuple[int, list[About], bool]]) -> SubjectBatch:
        """One batch of `items`."""
        told = [(row, about, flip) for row, (_, group, flip) in enumerate(items) for about in group]
        texts = [mirror_words(about.sentence) if flip else about.sentence for _, about, flip in told]
        targets = [flipped(torch.from_numpy(about.target(self.grid)).float()[None], flip) for _, about, flip in told]
        return SubjectBatch(
            pixels=stacked([flipped(self._pixels(number), flip) for number, _, flip in items]),
            index=torch.tensor([row for row, _, _ in told]),
            text=self.bank.gather(texts),
            target=torch.stack(targets),
        )

    def _pixels(self, number: int) -> Tensor:
        return normalise(self.pictures[number].astype(np.float32) / 255, self.preprocessing)


class Asking(nn.Module):
    """A model asked what sentences are about; one forward call, so that Accelerate may distribute it."""

    def __init__(self, model: GroundingModel):
        super().__init__()
        self.model = model

    def forward(self, pixels: Tensor, index: Tensor, text: TextFeatures) -> Tensor:
        """(T, 1, h, w) in [0, 1]: where what sentence t, about picture ``index[t]`` of N, is about is."""
        grounding = self.model.grounding
        with torch.no_grad():
            levels = self.model.trunk.eval()(pixels)
            objects = None if grounding.objects is None else grounding.objects(pixels, grounding.subject.grid)
        return grounding.subject(select(grounding.subject.see(levels, objects), index), text)


class SubjectOptions(Options):
    """
    Attributes:
        singles: so many pictures are also seen alone and not only in mosaics of four.
        sentences: a picture or mosaic, drawn anew every epoch.
    """

    singles: int = Field(default=0, ge=0)
    sentences: int = Field(default=4, ge=1)


class SubjectMethod:
    """The `Method` of recipes with ``method: subjects``; only the subject learns, and only with ``subject: true``.

    Stage loss: see `losses.WeightedLoss`. The score is the mean CC of the subject's map with the target.
    """

    options = SubjectOptions

    def __init__(self, recipe: Recipe, model: GroundingModel, preprocessing: Preprocessing, text_encoder: str):
        self.recipe = recipe
        self.model = model.to(memory_format=torch.channels_last)
        if self.model.grounding.subject is None:
            raise RecipeError("The recipe's model has no subject that could learn: set “subject: true”.")
        self.preprocessing = preprocessing
        self.text_encoder = text_encoder
        self.validation = self._dataset((recipe.validation,), singles=10**9)

    def _dataset(self, sources: tuple[DataSource, ...], singles: int, **options: object) -> SubjectDataset:
        found = scenes(read_entries(sources), singles, self.recipe.seed)
        bank = sentence_bank((about.sentence for scene in found for about in scene.sentences), self.text_encoder)
        grid = self.model.grounding.subject.grid
        return SubjectDataset(found, self.preprocessing, grid, bank, seed=self.recipe.seed, **options)

    def loader(self, stage: Stage) -> DataLoader:
        options = stage.chosen(self.options)
        dataset = self._dataset(stage.data, options.singles, flip=stage.augmentation.flip, sentences=options.sentences)
        return DataLoader(dataset, batch_size=stage.batch, shuffle=True, collate_fn=dataset.collate, drop_last=True)

    def learners(self, stage: Stage, steps: int, run: Run) -> list[Learner]:
        rates = {"": 0.0, LEARNS: stage.rate} | stage.rates
        groups = parameter_groups(self.model, stage.model_copy(update={"rates": rates}))
        return [Learner(Asking(self.model), groups, steps, run)]

    def step(self, batch: SubjectBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        with autocast(batch.pixels.device):
            answer = learners[0].network(batch.pixels, batch.index, batch.text)
        total, terms = WeightedLoss(stage.loss)(answer, batch.target)
        learners[0].update(total)
        return {name: float(value) for name, value in {"loss": total.detach(), **terms}.items()}

    def look(self, model: GroundingModel, batch: SubjectBatch) -> Tensor:
        with autocast(batch.pixels.device):
            return Asking(model)(batch.pixels, batch.index, batch.text)

    @torch.inference_mode()
    def validate(self, model: GroundingModel) -> dict[str, float]:
        """Mean CC of the subject's map with bumps where what the sentence is about is, alone and in mosaics."""
        found = []
        for batch in DataLoader(self.validation, batch_size=8, collate_fn=self.validation.collate):
            batch = batch.to(next(model.parameters()).device)
            answer = self.look(model, batch)
            found += formulas.correlation(answer.double(), batch.target.double()).flatten().tolist()
        return {"score": sum(found) / len(found), "sentences": float(len(found))}
