"""From a recipe's data sources to samples and encoded sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from .. import checkpoints
from ..conditions import Condition
from ..data import Sample, SjtuTis
from ..data.flickr8k import Entry, Flickr8kEntities
from ..data.folder import FolderDataset
from ..data.pseudo import PseudoSample, pseudo_samples
from ..data.samples import read_rgb
from ..data.sentences import SentenceBank
from ..data.training import mirror_words
from ..errors import RecipeError
from ..precision import preferred_dtype
from ..preprocessing import prepare
from .recipe import DataSource

RUNS = Path("runs")
# Encoded sentences are kept here between runs, beside the runs themselves.
SENTENCE_CACHE = RUNS / "sentences"


def read_samples(sources: Iterable[DataSource]) -> list[Sample | PseudoSample]:
    """All samples with a density of the gaze data sets `sources`, in their order."""
    samples: list[Sample | PseudoSample] = []
    for source in sources:
        conditions = None if source.conditions is None else [Condition(name) for name in source.conditions]
        if source.reader == "sjtu_tis":
            samples += with_density(SjtuTis(source.root, source.split, conditions))
        elif source.reader == "folder":
            samples += with_density(FolderDataset(source.root))
        elif source.reader == "flickr8k_pseudo":
            samples += _pseudo(source)
        else:
            raise RecipeError(f"“{source.reader}” has no maps of gaze; only the grounding method reads it.")
    return samples


def with_density(samples: Iterable[Sample]) -> list[Sample]:
    """Those that have a density."""
    return [sample for sample in samples if sample.map_path is not None]


def _pseudo(source: DataSource) -> list[PseudoSample]:
    """Pseudo-targets from the free-viewing maps of the source's teacher."""
    if source.teacher is None:
        raise RecipeError("The reader “flickr8k_pseudo” needs a “teacher”.")
    entries = list(Flickr8kEntities(source.root, source.split))[: source.limit]
    return list(pseudo_samples(entries, free_viewing(entries, source.teacher)))


@torch.inference_mode()
def free_viewing(entries: Sequence[Entry], teacher: str, batch: int = 16) -> dict[str, np.ndarray]:
    """The teacher's map (h, w) float32 of each entry's picture alone, by the entry's id."""
    model, card = checkpoints.load(run_checkpoint(teacher))
    found: dict[str, np.ndarray] = {}
    for start in tqdm(range(0, len(entries), batch), desc=f"{teacher} looks", mininterval=5):
        part = entries[start : start + batch]
        pixels = torch.stack([prepare(read_rgb(entry.image_path), card.preprocessing) for entry in part])
        with torch.autocast("cpu", torch.bfloat16, enabled=preferred_dtype() is torch.bfloat16):
            maps = model(pixels.contiguous(memory_format=torch.channels_last)).map
        found |= {entry.id: map_.float().numpy()[0] for entry, map_ in zip(part, maps, strict=True)}
    return found


def run_checkpoint(name: str) -> Path | str:
    """The checkpoint of a run here, else the name of a shipped one."""
    path = RUNS / name / name
    return path if path.with_suffix(".safetensors").is_file() else name


def sentences_of(samples: Sequence[Sample | PseudoSample], encoder: str) -> SentenceBank:
    """The samples' sentences, and their mirrored versions, encoded."""
    own = {sample.sentence for sample in samples}
    return SentenceBank(encoder, own | {mirror_words(sentence) for sentence in own}, SENTENCE_CACHE)
