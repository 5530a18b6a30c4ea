"""Scores of the captioner and of both baselines on held-out pictures of Flickr8k."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from .. import checkpoints
from ..caption_evaluation import commonest_caption, nearest_captions, pooled
from ..caption_session import CAPTIONER
from ..checkpoints import Captioning, Estimate
from ..data.flickr8k import Entry, Flickr8kEntities
from ..errors import CheckpointError
from ..metrics.captions import CaptionScores, caption_scores
from ..models.captioner import Captioner
from ..predictor import Predictor
from ..preprocessing import Preprocessing
from ..training import frozen_features
from ..training.feature_cache import FeatureCache
from ..training.targets.caption_batches import CaptionDataset

BATCH = 64


def write_card(root: Path) -> None:
    """Measures the captioner, where there is one, and writes the scores into its card.

    Args:
        root: folder of Flickr8k Entities.
    """
    if Predictor([]).captioner is None:
        return
    found = measure(root)
    own, nearest = found["captioner"], found["nearest picture"]
    captions = Captioning(
        cider=Estimate(**vars(own.cider_interval), n=len(own.ciders)),
        bleu_4=own.bleu_4,
        nearest_cider=nearest.cider,
        nearest_bleu_4=nearest.bleu_4,
    )
    checkpoints.annotate(CAPTIONER, {}, captions=captions)


def measure(root: Path) -> dict[str, CaptionScores]:
    """Scores of the captioner, the nearest training picture's caption and the commonest caption.

    The features of the training's pictures, which the nearest picture is found by, are cached in ``runs/features``,
    also for training: the first time they take minutes.

    Args:
        root: folder of Flickr8k Entities; its validation pictures are captioned.

    Raises:
        CheckpointError: there is no captioner.
    """
    predictor = Predictor([], pictures_cached=0)
    model, card = checkpoints.load_network(CAPTIONER)
    if not isinstance(model, Captioner):
        raise CheckpointError("“{name}” is no captioner.", name=card.name)
    front_end, pictures = model.front_end, card.preprocessing
    known, held_out = (list(Flickr8kEntities(root, split)) for split in ("training", "validation"))
    cache = frozen_features.feature_cache(front_end, pictures)
    features = {split: _pooled(cache, entries, pictures) for split, entries in (("known", known), ("new", held_out))}
    candidates = {
        "captioner": [predictor.caption(entry.image_path).sentence for entry in tqdm(held_out, "captions")],
        "nearest picture": nearest_captions(features["new"], known, features["known"]),
        "commonest caption": [commonest_caption(known)] * len(held_out),
    }
    references = [[caption.text for caption in entry.captions] for entry in held_out]
    return {name: caption_scores(captions, references) for name, captions in candidates.items()}


def _pooled(cache: FeatureCache, entries: Sequence[Entry], pictures: Preprocessing) -> Tensor:
    """(N, C) of all pictures."""
    data = CaptionDataset(entries, pictures)
    data.use_cache(cache)
    starts = range(0, len(data), BATCH)
    return torch.cat([pooled(cache.gather(data.names[start : start + BATCH])) for start in starts])
