"""From a recipe's data sources to samples and encoded sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..conditions import Condition
from ..data import Sample, SjtuTis
from ..data.folder import FolderDataset
from ..data.sentences import SentenceBank
from ..data.training import mirror_words
from ..errors import RecipeError
from .recipe import DataSource

# Encoded sentences are kept here between runs, beside the runs themselves.
SENTENCE_CACHE = Path("runs") / "sentences"


def read_samples(sources: Iterable[DataSource]) -> list[Sample]:
    """All samples with a density of the gaze data sets `sources`, in their order."""
    samples: list[Sample] = []
    for source in sources:
        conditions = None if source.conditions is None else [Condition(name) for name in source.conditions]
        if source.reader == "sjtu_tis":
            samples += SjtuTis(source.root, source.split, conditions)
        elif source.reader == "folder":
            samples += FolderDataset(source.root)
        else:
            raise RecipeError(f"“{source.reader}” has no maps of gaze; only the grounding method reads it.")
    return [sample for sample in samples if sample.map_path is not None]


def sentences_of(samples: Sequence[Sample], encoder: str) -> SentenceBank:
    """The samples' sentences, and their mirrored versions, encoded."""
    own = {sample.sentence for sample in samples}
    return SentenceBank(encoder, own | {mirror_words(sentence) for sentence in own}, SENTENCE_CACHE)
