"""Pointing accuracy of a checkpoint's grounding branch on held-out pictures with boxes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch

from .. import checkpoints
from ..checkpoints import Card, Pointing
from ..data.flickr8k import Flickr8kEntities
from ..models.front_end import ONE_PASS_SCALE
from ..training.datasets import sentence_bank
from ..training.methods.grounding import measure
from ..training.targets.phrases import PhraseDataset
from .markdown import markdown_table, number


def pointing(checkpoint: str, root: Path) -> Pointing | None:
    """How well the words of `checkpoint` point on the validation pictures of `root`; None where they do not point.

    Args:
        root: folder of Flickr8k Entities.
    """
    model, card = checkpoints.load(checkpoint)
    found = model.grounding_branch
    if found is None:
        return None
    downscale = 1 if found.front_end.grid is None else ONE_PASS_SCALE
    scores = measure(found.eval().to(memory_format=torch.channels_last), held_out(root, card, downscale))
    return Pointing(pointing=scores["score"], box_auc=scores["box_auc"], phrases=int(scores["phrases"]))


def held_out(root: Path, card: Card, downscale: float = 1) -> PhraseDataset:
    """The validation pictures with all their captions, preprocessed and encoded for the model of `card`.

    Args:
        downscale: the model's regions are of pictures at 1 / `downscale` of their size.
    """
    entries = [entry for entry in Flickr8kEntities(root, "validation") if any(c.phrases for c in entry.captions)]
    bank = sentence_bank((caption.text for entry in entries for caption in entry.captions), card.text_encoder or "")
    cell = 8 * downscale  # pixels per region and side
    grid = round(card.preprocessing.height / cell), round(card.preprocessing.width / cell)
    return PhraseDataset(entries, card.preprocessing, grid, bank, captions=5)


def section(measured: Mapping[str, Pointing]) -> str:
    """Markdown: one row per model."""
    rows = [(name, number(p.pointing), number(p.box_auc), str(p.phrases)) for name, p in measured.items()]
    return "\n\n".join(
        [
            "### Do the words point at what they name?",
            "Phrases of held-out pictures of Flickr8k Entities, through each model's own grounding branch. Pointing: "
            "how often a phrase's strongest region lies in one of its boxes. Box AUC: of its map against its boxes.",
            markdown_table(("", "pointing", "box AUC", "phrases"), rows),
        ]
    )
