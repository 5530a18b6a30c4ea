"""Inputs and outputs of models as plain data: encoded pictures, encoded sentences, predicted maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

# Named tensors; the first dimension is the picture.
ImageFeatures = dict[str, Tensor]


def select(features: ImageFeatures, index: Tensor | Sequence[int]) -> ImageFeatures:
    """Features of the pictures named by `index`, in its order; a picture may be named several times.

    Args:
        features: tensors (N, ...).
        index: (M,) integers in 0..N-1, for example which picture each of M sentences belongs to.
    """
    index = torch.as_tensor(index)
    return {name: value.index_select(0, index.to(value.device)) for name, value in features.items()}


def features_size(features: ImageFeatures) -> int:
    """Bytes of features."""
    return sum(value.nbytes for value in features.values())


def padded(rows: Sequence[Tensor], value: float = 0) -> Tensor:
    """Sentences (l, ...) of different lengths as one batch (T, L, ...), `value` behind the shorter ones."""
    return pad_sequence(list(rows), batch_first=True, padding_value=value)


@dataclass(frozen=True)
class TextFeatures:
    """Encoded sentences, the text input of every model. T sentences, L tokens (padded), D channels.

    Attributes:
        tokens: (T, L, D) last-layer state of each token.
        mask: (T, L) bool, true where a token is part of the sentence (special tokens included), false on padding.
        words: (T, L) bool, true on the tokens that carry the sentence's own words (special tokens excluded).
        sentence: (T, D') one vector per sentence.
        present: (T,) bool, false where the sentence is empty: the model then uses its learned null embedding.
        ids: (T, L) int64 vocabulary ids, for models with a text tower of their own (BLIP).
    """

    tokens: Tensor
    mask: Tensor
    words: Tensor
    sentence: Tensor
    present: Tensor
    ids: Tensor

    def __len__(self) -> int:
        return len(self.present)

    def select(self, index: Tensor | Sequence[int]) -> TextFeatures:
        """The sentences named by `index`, in its order."""
        index = torch.as_tensor(index, device=self.present.device)
        return TextFeatures(**{name: value.index_select(0, index) for name, value in vars(self).items()})

    def to(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> TextFeatures:
        """A copy on `device`; `dtype` applies to the floating-point members."""
        moved = {name: value.to(device) for name, value in vars(self).items()}
        if dtype is not None:
            moved = {name: value.to(dtype) if value.is_floating_point() else value for name, value in moved.items()}
        return replace(self, **moved)


@dataclass(frozen=True)
class SaliencyOutput:
    """The output of a model for N picture-sentence pairs.

    Attributes:
        map: (N, 1, h, w) in [0, 1] at the model's working resolution; proportional to the predicted density of gaze.
        logits: (N, 1, h, w) before the last activation.
        word_maps: (N, L, h', w') in [0, 1], where each token of the sentence points; None for models without them.
        word_weights: (N, L) non-negative, how much each token counts, 0 outside the sentence's words, rows sum to 1
            (to 0 without text); None as above.
        referent: (N, 1, h', w') in [0, 1], where the thing is that the sentence is about; None for models without it.
        presence: (N,) in [0, 1], the probability that the picture shows that thing; None for models without it.
        aux: further tensors a trainer may use (side outputs, grounding scores), by name.
    """

    map: Tensor
    logits: Tensor
    word_maps: Tensor | None = None
    word_weights: Tensor | None = None
    referent: Tensor | None = None
    presence: Tensor | None = None
    aux: dict[str, Tensor] = field(default_factory=dict)
