"""Training on masks of salient objects, with sentences that name one of the things of a picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn

from ...data import ObjectSample
from ...errors import RecipeError
from ...losses import box_projection, structure
from ...metrics.objects import ObjectPair
from ...models.features import ImageFeatures, TextFeatures, select
from ...models.sdg_sod.model import SDGSOD
from ...runtime.precision import autocast
from .. import frozen_features
from ..datasets import drawn, read_entries, read_masks, sentence_bank
from ..feature_cache import fingerprint
from ..frozen_features import CachingOptions
from ..generated_captions import CAPTIONS, generated_captions
from ..learner import Learner, parameter_groups
from ..recipe import DataSource, Stage
from ..targets.object_batches import ObjectBatch, ObjectSceneDataset
from ..targets.object_scenes import ObjectScene, masked_scenes, mosaic, object_pairs, phrase_scenes
from .method import Method, measured, numbers, output, shared_output

MOSAICS = 100  # of validation pictures


class ObjectsOptions(CachingOptions):
    """Options of the objects method.

    Attributes:
        cache_features: see `CachingOptions`; the maps of the sentences' words are cached, too, so that the grounding
            must be frozen.
        singles: largest number of pictures with masks that are also used alone; drawn by their names.
        captioned: the pictures alone have captions, too.
        mosaics: largest number of mosaics of two of them. Their pictures have captions, also where they are alone.
        sentences: number per picture or mosaic, drawn every epoch.
    """

    singles: int | None = Field(default=None, ge=1)
    captioned: bool = False
    mosaics: int = Field(default=0, ge=0)
    sentences: int = Field(default=2, ge=1)


class MaskNetwork(nn.Module):
    """A model with one forward call to its logits, so that Accelerate can distribute it."""

    def __init__(self, model: SDGSOD):
        super().__init__()
        self.model = model

    def forward(
        self, pictures: Tensor | ImageFeatures, index: Tensor, text: TextFeatures | None, guidance: Tensor | None = None
    ) -> Tensor:
        """Logits (T, 1, h, w) of the masks of T sentences, sentence t about picture ``index[t]`` of N.

        Args:
            pictures: (N, 3, H, W), or their features of the model's `front_end`.
            guidance: (T, 1, h', w') of cached maps of the sentences' words; None computes them.
        """
        if guidance is None and self.model.config.reads_text:
            return self.model.decode(select(self.model.encode(pictures), index), text).logits
        front_features = self.model.front_end(pictures) if isinstance(pictures, Tensor) else pictures
        return self.model.logits(select(self.model.own_features(front_features), index), guidance)


class ObjectsMethod(Method):
    """The `Method` of recipes with ``method: objects``. Stage loss: weights of ``structure`` and ``projection``.

    Pictures with masks give their masks without a sentence and with a generated caption; mosaics of two give the mask
    of the one whose caption it is; pictures with phrases give boxes (``projection``). A model without guidance learns
    of the first kind alone, without sentences. The score is one less the mean absolute error, over the pictures without
    a sentence, with their captions, and mosaics if a stage has some.
    """

    options = ObjectsOptions
    terms = ("structure", "projection")
    augmentations = ("flip",)

    def check(self) -> None:
        """See `Method.check`; the maps of words are cached only where the grounding is frozen."""
        if not isinstance(self.model, SDGSOD):
            raise RecipeError("The method “objects” trains models of objects, as SDG-SOD.")
        super().check()
        for stage in self.recipe.stages:
            if stage.chosen(self.options).cache_features and self.model.grounding is not None:
                parameter_groups(self.model, stage)  # sets requires_grad
                if any(parameter.requires_grad for parameter in self.model.grounding.parameters()):
                    raise RecipeError(
                        f"The stage “{stage.name}” caches maps of words, whose grounding must be frozen: its rate is "
                        "not 0."
                    )

    def validation_dataset(self) -> ObjectSceneDataset:
        """Pictures with masks of the validation source, without and with captions, and mosaics if a stage has some."""
        samples = read_masks([self.recipe.validation])
        mosaics = any(stage.chosen(self.options).mosaics for stage in self.recipe.stages)
        return self._dataset(self._masked(samples, samples, self._pairs(samples, MOSAICS if mosaics else 0)))

    def dataset(self, stage: Stage) -> ObjectSceneDataset:
        """The stage's pictures and mosaics, with cached features where asked for."""
        options = stage.chosen(self.options)
        dataset = self._dataset(
            self._scenes(stage.data, options), flip=stage.augmentation.flip, sentences=options.sentences
        )
        self.use_cache(dataset, options)
        if options.cache_features and self.model.config.reads_text:
            for one in (dataset, self.validation):
                one.use_guidance(self._guidance_folder(), self._guidance)
        return dataset

    def _scenes(self, sources: Sequence[DataSource], options: ObjectsOptions) -> list[ObjectScene]:
        samples = read_masks(source for source in sources if source.reader != "flickr8k_entities")
        chosen = drawn((sample.stem for sample in samples), options.singles)
        alone = [sample for sample in samples if sample.stem in chosen]
        pairs = self._pairs(samples, options.mosaics)
        captioned = [sample for pair in pairs for sample in pair] + (alone if options.captioned else [])
        scenes = self._masked(alone, captioned, pairs)
        if self.model.config.reads_text:
            scenes += phrase_scenes(read_entries(source for source in sources if source.reader == "flickr8k_entities"))
        return scenes

    def _pairs(self, samples: Sequence[ObjectSample], count: int) -> list[tuple[ObjectSample, ObjectSample]]:
        return object_pairs(samples, count) if self.model.config.reads_text else []

    def _masked(
        self,
        alone: Sequence[ObjectSample],
        captioned: Sequence[ObjectSample],
        pairs: Sequence[tuple[ObjectSample, ObjectSample]],
    ) -> list[ObjectScene]:
        """Pictures alone, with captions where they are among the `captioned`, and mosaics of pairs of these."""
        captions: dict[str, str] = {}
        if self.model.config.reads_text and captioned:
            captions = generated_captions(captioned, CAPTIONS)
        aspect = self.preprocessing.width / self.preprocessing.height
        return masked_scenes(alone, captions) + [mosaic(pair, captions, aspect) for pair in pairs]

    def _dataset(self, scenes: list[ObjectScene], **options: Any) -> ObjectSceneDataset:
        bank = None
        if self.model.config.reads_text:
            bank = sentence_bank((target.sentence for scene in scenes for target in scene.targets), self.text_encoder)
        return ObjectSceneDataset(scenes, self.preprocessing, self.recipe.grid, bank, seed=self.recipe.seed, **options)

    def _guidance_folder(self) -> Any:
        described = str([asdict(self.preprocessing), self.model.config.normalise, self.text_encoder])
        parts = (*self.model.front_end.parts, self.model.grounding)
        return frozen_features.FEATURES / f"words-{fingerprint(parts, described)}"

    @torch.inference_mode()
    def _guidance(self, front_features: ImageFeatures, index: Tensor, text: TextFeatures) -> Tensor:
        """The maps of the words of T sentences, from the front end's features of N pictures."""
        grounding = self.model.grounding.eval()
        with autocast(index.device):
            features = select(grounding.encode_features(front_features), index)
            return self.model.guidance_of(grounding(features, text))

    def network(self, model: SDGSOD) -> MaskNetwork:
        """The model with a forward call on pictures, index, text and cached guidance."""
        return MaskNetwork(model)

    def step(self, batch: ObjectBatch, learners: list[Learner], stage: Stage, epoch: int) -> dict[str, float]:
        """One update by the weighted losses of masks and of boxes."""
        logits = shared_output(learners[0].network, batch)
        terms, total = {}, logits.sum() * 0.0
        for name, loss, chosen in (("structure", structure, ~batch.boxed), ("projection", box_projection, batch.boxed)):
            if name in stage.loss and chosen.any():
                terms[name] = loss(logits[chosen], batch.target[chosen])
                # By their share of the batch: a batch of few boxes would weigh each of them more.
                total = total + stage.loss[name] * terms[name] * chosen.float().mean()
        learners[0].update(total)
        return numbers({"loss": total, **terms})

    @torch.inference_mode()
    def validate(self, model: nn.Module) -> dict[str, float]:
        """Mean absolute error and mean F-measure on the grid: without a sentence, captioned, and in mosaics."""
        network = self.network(model)

        def errors_and_f(batch: ObjectBatch) -> Iterator[tuple[str, tuple[float, float]]]:
            maps = torch.sigmoid(output(network, batch).float()).numpy(force=True)[:, 0]
            masks = batch.target.numpy(force=True)[:, 0] >= 0.5
            for map_, mask, kind in zip(maps, masks, _kinds(batch), strict=True):
                pair = ObjectPair(map_, mask)
                yield kind, (pair.mae, float(pair.f_curve.mean()))

        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for kind, pair_of_scores in measured(network, self.validation, errors_and_f):
            found[kind].append(pair_of_scores)
        scores = {}
        for kind, values in sorted(found.items()):
            scores[f"mae{kind}"], scores[f"f{kind}"] = (
                sum(column) / len(values) for column in zip(*values, strict=True)
            )
        errors = [value for name, value in scores.items() if name.startswith("mae")]
        return {"score": 1 - sum(errors) / len(errors), **scores}


def _kinds(batch: ObjectBatch) -> list[str]:
    """Of each sentence of a batch, the end of its scores' names."""
    present = torch.zeros_like(batch.mosaic) if batch.text is None else batch.text.present
    alone = ("_captioned" if read else "" for read in present.tolist())
    return ["_mosaic" if mosaic else kind for mosaic, kind in zip(batch.mosaic.tolist(), alone, strict=True)]
