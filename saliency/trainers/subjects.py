"""What a sentence is about (`models.grounding.Subject`), learned on captions, with all else as it is.

Trunk, regions and words do not learn here, so that what they make of a picture is computed once a stage and kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ..data.sentences import SentenceBank
from ..data.subjects import About, Scene, scenes
from ..data.training import flipped, mirror_words, stacked
from ..errors import RecipeError
from ..losses import WeightedLoss
from ..metrics import formulas
from ..models.base import ImageFeatures, TextFeatures, select
from ..models.grounding import GroundingOutput
from ..models.spec import Preprocessing
from ..precision import preferred_dtype
from ..preprocessing import normalise
from .datasets import SENTENCE_CACHE, read_entries
from .grounding import GroundingModel, build_model
from .loop import Learner, Run, parameter_groups
from .recipe import DataSource, Recipe, Stage

LEARNS = "grounding.subject."


@dataclass(frozen=True)
class SubjectBatch:
    """N pictures and T sentences about things in them.

    Attributes:
        features: of the pictures, as `models.grounding.Grounding.image` gives them.
        index: (T,) picture of each sentence.
        text: T sentences.
        target: (T, 1, h, w) in [0, 1], bumps where what the sentence is about is.
    """

    features: ImageFeatures
    index: Tensor
    text: TextFeatures
    target: Tensor

    def to(self, device: torch.device | str, **_: object) -> SubjectBatch:
        """A copy on `device`; Accelerate moves batches by this."""
        features = {name: value.to(device) for name, value in self.features.items()}
        moved = {name: getattr(self, name).to(device) for name in ("index", "text", "target")}
        return replace(self, features=features, **moved)


class SubjectDataset(Dataset):
    """Scenes as features that were computed before, each with `sentences` of its sentences, drawn anew every epoch.

    Args:
        features: of all scenes in their order, half precision.
        flip: probability of mirroring the features; the sentence's left and right change places.
        sentences: so many a scene; None is all.
    """

    def __init__(
        self,
        scenes: Sequence[Scene],
        features: ImageFeatures,
        bank: SentenceBank,
        flip: float = 0.0,
        sentences: int | None = None,
        seed: int = 0,
    ):
        self.scenes = scenes
        self.features = features
        self.bank = bank
        self.flip = flip
        self.sentences = sentences
        self.seed = seed
        self.epoch = 0

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
        features = {
            name: torch.stack([flipped(values[number], flip) for number, _, flip in items]).float()
            for name, values in self.features.items()
        }
        grid = features["regions"].shape[-2:]
        texts = [mirror_words(about.sentence) if flip else about.sentence for _, about, flip in told]
        targets = [flipped(torch.from_numpy(about.target(grid)).float()[None], flip) for _, about, flip in told]
        return SubjectBatch(
            features=features,
            index=torch.tensor([row for row, _, _ in told]),
            text=self.bank.gather(texts),
            target=torch.stack(targets),
        )


def _autocast(device: torch.device) -> torch.autocast:
    return torch.autocast(device.type, torch.bfloat16, enabled=preferred_dtype() is torch.bfloat16)


class SubjectMethod:
    """The `Method` of recipes with ``method: subjects``; only the subject learns.

    A stage's ``options``: ``singles``, so many pictures are also seen alone and not only in mosaics of four;
    ``sentences`` a picture or mosaic. Stage loss: see `losses.WeightedLoss`. The score is the mean CC of the subject's
    map with the target.
    """

    def __init__(self, recipe: Recipe, preprocessing: Preprocessing, text_encoder: str):
        self.recipe = recipe
        self.model = build_model(**recipe.config | {"subject": True}).to(memory_format=torch.channels_last)
        self.preprocessing = preprocessing
        self.text_encoder = text_encoder
        self.validation: SubjectDataset | None = None  # its features are of the weights the run starts from

    def _dataset(self, sources: tuple[DataSource, ...], singles: int, **options: object) -> SubjectDataset:
        found = scenes(read_entries(sources), singles, self.recipe.seed)
        own = {about.sentence for scene in found for about in scene.sentences}
        bank = SentenceBank(self.text_encoder, own | {mirror_words(text) for text in own}, SENTENCE_CACHE)
        return SubjectDataset(found, self._features(found), bank, seed=self.recipe.seed, **options)

    @torch.inference_mode()
    def _features(self, found: Sequence[Scene], batch: int = 8) -> ImageFeatures:
        """What the frozen part of the model makes of the scenes' pictures, in half precision."""
        self.model.eval()
        device = next(self.model.parameters()).device
        parts: dict[str, list[Tensor]] = defaultdict(list)
        for start in tqdm(range(0, len(found), batch), desc=f"{self.recipe.name} looks", mininterval=5):
            pictures = [scene.picture(self.preprocessing) for scene in found[start : start + batch]]
            pixels = stacked([normalise(p.astype(np.float32) / 255, self.preprocessing) for p in pictures]).to(device)
            with _autocast(device):
                features = self.model.grounding.image(self.model.trunk(pixels), pixels)
            for name, value in features.items():
                parts[name].append(value.half().cpu())
        return {name: torch.cat(values) for name, values in parts.items()}

    def loader(self, stage: Stage) -> DataLoader:
        options = {"singles": 0, "sentences": 4} | stage.options
        if unknown := options.keys() - {"singles", "sentences"}:
            raise RecipeError(f"The option “{min(unknown)}” of the stage “{stage.name}” is unknown.")
        dataset = self._dataset(
            stage.data, options["singles"], flip=stage.augmentation.flip, sentences=options["sentences"]
        )
        return DataLoader(dataset, batch_size=stage.batch, shuffle=True, collate_fn=dataset.collate, drop_last=True)

    def learners(self, stage: Stage, steps: int, run: Run) -> list[Learner]:
        groups = parameter_groups(self.model, stage.model_copy(update={"rates": {"": 0.0, LEARNS: stage.rate}}))
        return [Learner(self.model.grounding, groups, steps, run)]

    def step(self, batch: SubjectBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        total, terms = WeightedLoss(stage.loss)(self._answer(learners[0].network, batch).named, batch.target)
        learners[0].update(total)
        return {name: float(value) for name, value in {"loss": total.detach(), **terms}.items()}

    def look(self, model: GroundingModel, batch: SubjectBatch) -> GroundingOutput:
        return self._answer(model.grounding, batch)

    def _answer(self, grounding: nn.Module, batch: SubjectBatch) -> GroundingOutput:
        with _autocast(batch.index.device):
            return grounding(select(batch.features, batch.index), batch.text)

    @torch.inference_mode()
    def validate(self, model: GroundingModel) -> dict[str, float]:
        """Mean CC of the subject's map with bumps where what the sentence is about is, alone and in mosaics."""
        if self.validation is None:
            self.validation = self._dataset((self.recipe.validation,), singles=10**9)
        found = []
        for batch in DataLoader(self.validation, batch_size=16, collate_fn=self.validation.collate):
            batch = batch.to(next(model.parameters()).device)
            answer = self.look(model, batch).named
            found += formulas.correlation(answer.double(), batch.target.double()).flatten().tolist()
        return {"score": sum(found) / len(found), "sentences": float(len(found))}
