"""Samples, pictures and encoded sentences of a recipe's data sources."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .. import checkpoints
from ..data import ObjectDataset, ObjectSample, Sample, SjtuTis
from ..data.flickr8k import Entry, Flickr8kEntities
from ..data.folder import FolderDataset
from ..data.samples import picture_of, read_rgb
from ..data.sjtu_tis import split_by_picture
from ..errors import RecipeError
from ..preprocessing import content, prepare
from ..runtime.precision import autocast
from .recipe import DataSource
from .runs import RUNS, run_checkpoint
from .targets.augmentation import mirror_words
from .targets.gaze_targets import TrainingSample
from .targets.pseudo_targets import PseudoSample, pseudo_samples
from .targets.sentence_bank import SentenceBank
from .targets.sentence_pairs import sentence_pairs

# Encoded sentences are cached here between runs.
SENTENCE_CACHE = RUNS / "sentences"


def read_samples(sources: Iterable[DataSource]) -> list[TrainingSample]:
    """All samples with a density of `sources`, in their order; pseudo-targets where one has captions and a teacher."""
    samples: list[TrainingSample] = []
    for source in sources:
        if source.template_sentences:
            raise RecipeError("Template sentences have no gaze: only the referent method uses them.")
        found = _gaze(source) if source.reader != "flickr8k_entities" else _pseudo(source)
        if not found:
            remedy = "name a “teacher”, or use the grounding method" if _untaught(source) else "check its folder"
            raise RecipeError(f"“{source.reader}” has no maps of gaze in “{source.root}”: {remedy}.")
        samples += found
        if source.sentence_pairs:
            samples += sentence_pairs(found)
    return samples


def _untaught(source: DataSource) -> bool:
    return source.reader == "flickr8k_entities" and not source.teacher


def _gaze(source: DataSource) -> list[Sample]:
    """Samples that have a density."""
    return [sample for sample in _samples(source) if sample.map_path is not None]


def _samples(source: DataSource) -> list[Sample]:
    """Samples of `source.limit` pictures."""
    found: Sequence[Sample] = (
        SjtuTis(source.root, source.split, source.conditions) if source.reader == "sjtu_tis" else _folder(source)
    )
    pictures = drawn((sample.picture for sample in found), source.limit)
    return [sample for sample in found if sample.picture in pictures]


def _folder(source: DataSource) -> list[Sample]:
    """Samples of a folder, which has no split of its own: the same picture in ten is always for validation."""
    found = list(FolderDataset(source.root))
    pictures = set(_folder_split(found, source.split))
    return [sample for sample in found if sample.picture in pictures]


def _folder_split(samples: Sequence[Sample], split: str | None) -> list[str]:
    """Pictures of a split of a folder's `samples`; None is all."""
    if split is None:
        return [sample.picture for sample in samples]
    if split not in ("training", "validation"):
        raise RecipeError(f"There is no split “{split}” of a folder. There are: training, validation.")
    return split_by_picture(samples, (0.9, 0.1, 0.0))[split]


def drawn(names: Iterable[str], limit: int | None) -> set[str]:
    """Names of `limit` pictures, drawn by a hash of the name, so that the same ones are drawn in every run.

    The first by name would come from one origin where a data set gathers several.
    """
    return set(sorted(set(names), key=lambda name: (zlib.crc32(name.encode()), name))[:limit])


def _pseudo(source: DataSource) -> list[PseudoSample]:
    """Pseudo-targets of the source's captions; none without a teacher."""
    if _untaught(source):
        return []
    entries = _entries(source)
    return list(pseudo_samples(entries, free_viewing(entries, source.teacher)))


def read_entries(sources: Iterable[DataSource]) -> list[Entry]:
    """All pictures with captions and boxes of `sources`, in their order."""
    entries: list[Entry] = []
    for source in sources:
        if source.reader != "flickr8k_entities":
            raise RecipeError(f"“{source.reader}” has no phrases with boxes, which the grounding method reads.")
        entries += _entries(source)
    return entries


def _entries(source: DataSource) -> list[Entry]:
    entries = list(Flickr8kEntities(source.root, source.split))
    chosen = drawn((entry.id for entry in entries), source.limit)
    return [entry for entry in entries if entry.id in chosen]


def read_masks(sources: Iterable[DataSource]) -> list[ObjectSample]:
    """All pictures with a mask of `sources`, in their order; of a split as of any folder."""
    found: list[ObjectSample] = []
    for source in sources:
        if source.reader != "folder":
            raise RecipeError(f"“{source.reader}” has no masks of objects, which the objects method reads.")
        samples = list(ObjectDataset(source.root))
        known = set(_folder_split([sample.viewed for sample in samples], source.split))
        chosen = drawn((sample.stem for sample in samples if sample.stem in known), source.limit)
        found += [sample for sample in samples if sample.stem in chosen]
    return found


def read_pictures(sources: Iterable[DataSource]) -> list[Path]:
    """One file of each picture of `sources`, in their order."""
    found: dict[str, Path] = {}
    for source in sources:
        for sample in _samples(source):
            found.setdefault(picture_of(sample), sample.image_path)
    return list(found.values())


@torch.inference_mode()
def free_viewing(entries: Sequence[Entry], teacher: str, batch: int = 16) -> dict[str, np.ndarray]:
    """The teacher's map (h, w) float32 of each entry's picture alone, by the entry's id."""
    model, card = checkpoints.load(run_checkpoint(teacher))
    found: dict[str, np.ndarray] = {}
    for start in tqdm(range(0, len(entries), batch), desc=f"maps of {teacher}", mininterval=5):
        part = entries[start : start + batch]
        pictures = [read_rgb(entry.image_path) for entry in part]
        pixels = torch.stack([prepare(picture, card.preprocessing) for picture in pictures])
        with autocast("cpu"):
            maps = model(pixels.contiguous(memory_format=torch.channels_last)).map
        for entry, picture, map_ in zip(part, pictures, maps.float().numpy()[:, 0], strict=True):
            found[entry.id] = map_[content(card.preprocessing, picture.shape[:2], map_.shape)]
    return found


def sentence_bank(sentences: Iterable[str], encoder: str | None) -> SentenceBank:
    """The encoded sentences and their mirrored versions.

    Raises:
        RecipeError: there is no text encoder.
    """
    if encoder is None:
        raise RecipeError("The recipe's model reads no text, which its method trains.")
    own = set(sentences)
    return SentenceBank(encoder, own | {mirror_words(sentence) for sentence in own}, SENTENCE_CACHE)
