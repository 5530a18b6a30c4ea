"""Scores of the captioner and of both baselines on held-out pictures of Flickr8k."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ..caption_evaluation import commonest_caption, nearest_captions, pooled
from ..data.flickr8k import Entry, Flickr8kEntities
from ..metrics.captions import CaptionScores, caption_scores
from ..models.front_end import FrontEnd
from ..predictor import Predictor
from ..preprocessing import Preprocessing
from ..training import frozen_features
from ..training.feature_cache import FeatureCache
from ..training.targets.caption_batches import CaptionDataset

BATCH = 64


def measure(predictor: Predictor, root: Path, front_end: FrontEnd, pictures: Preprocessing) -> dict[str, CaptionScores]:
    """Scores of the predictor's captioner, the nearest training picture's caption and the commonest caption.

    The features of the training's pictures are cached in ``runs/features``, also for training: the first time they take
    minutes.

    Args:
        root: folder of Flickr8k Entities; its validation pictures are captioned.
        front_end, pictures: what the nearest picture is found by.
    """
    known, held_out = (list(Flickr8kEntities(root, split)) for split in ("training", "validation"))
    cache = frozen_features.feature_cache(front_end, pictures)
    features = {split: _pooled(cache, entries, pictures) for split, entries in (("known", known), ("new", held_out))}
    said = {
        "captioner": [predictor.caption(entry.image_path).sentence for entry in tqdm(held_out, "captions")],
        "nearest picture": nearest_captions(features["new"], known, features["known"]),
        "commonest caption": [commonest_caption(known)] * len(held_out),
    }
    references = [[caption.text for caption in entry.captions] for entry in held_out]
    return {name: caption_scores(captions, references) for name, captions in said.items()}


def _pooled(cache: FeatureCache, entries: Sequence[Entry], pictures: Preprocessing) -> Tensor:
    """(N, C) of all pictures."""
    data = CaptionDataset(entries, pictures)
    data.use_cache(cache)
    starts = range(0, len(data), BATCH)
    return torch.cat([pooled(cache.gather(data.names[start : start + BATCH])) for start in starts])
