"""Two baselines of captions: how much of a score is habit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from .data.flickr8k import Entry
from .metrics.captions import split
from .models.features import ImageFeatures


def commonest_caption(known: Sequence[Entry]) -> str:
    """The caption that most of the pictures have, in lower case and without punctuation; of several the first."""
    counts = Counter(" ".join(split(caption.text)) for entry in known for caption in entry.captions)
    return min(counts, key=lambda text: (-counts[text], text))


def nearest_captions(held_out: Tensor, known: Sequence[Entry], features: Tensor) -> list[str]:
    """For each held-out picture the first caption of the known picture that is most like it.

    Args:
        held_out: (N, C), see `pooled`.
        known: M pictures.
        features: (M, C) of these.
    """
    likeness = F.normalize(held_out, dim=1) @ F.normalize(features, dim=1).T
    return [known[number].captions[0].text for number in likeness.argmax(1).tolist()]


def pooled(front_features: ImageFeatures) -> Tensor:
    """(N, C): the mean over its cells of the trunk's deepest level."""
    deepest = max(front_features, key=lambda name: int(name.removeprefix("stride")))
    return front_features[deepest].float().mean(dim=(2, 3))
