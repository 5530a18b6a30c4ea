"""Inference of the captioner: a picture to a `Caption`."""

from __future__ import annotations

import os
from threading import Lock

import numpy as np
import torch

from . import checkpoints
from .cache import BoundedCache
from .errors import CheckpointError
from .models.captioner import Captioner
from .models.text import align, load_word_pieces
from .preprocessing import prepare
from .results import Caption, CheckpointIdentity
from .runtime.folding import fold_batch_norms
from .runtime.precision import autocast
from .session import Picture

CAPTIONER = "captioner"  # the name of its checkpoint
CACHED_BYTES = 4 * 2**20


class CaptionSession:
    """The loaded captioner, with a cache of its captions. Safe for concurrent callers.

    Args:
        directory: of the checkpoints.
        device, dtype, lock, pictures: as for `ModelSession`.

    Raises:
        CheckpointError: there is none, or it is damaged.
        HubUnavailableError: the tokeniser of its words is neither on this machine nor to be had from the hub.

    Attributes:
        model: the network, whose trunk others may share.
    """

    def __init__(
        self,
        directory: str | os.PathLike[str] | None,
        *,
        device: torch.device,
        dtype: torch.dtype,
        lock: Lock,
        pictures: int,
    ) -> None:
        model, self.card = checkpoints.load_network(CAPTIONER, directory, device)
        if not isinstance(model, Captioner) or self.card.text_encoder is None:
            raise CheckpointError("“{name}” is no captioner.", name=self.card.name)
        fold_batch_norms(model)
        self.model = model.requires_grad_(False).to(memory_format=torch.channels_last)
        self._tokeniser = load_word_pieces(self.card.text_encoder)
        self._device = device
        self._dtype = dtype
        self._lock = lock
        self._captions: BoundedCache[Caption] = BoundedCache(pictures, CACHED_BYTES, _size)

    def run(self, picture: Picture) -> Caption:
        """The caption of a picture, cached or computed."""
        with self._lock, torch.inference_mode(), autocast(self._device, self._dtype):
            caption = self._captions.get(picture.key)
            if caption is None:
                caption = self._captions[picture.key] = self._compute(picture)
        return caption

    def _compute(self, picture: Picture) -> Caption:
        pixels = prepare(picture.pixels, self.card.preprocessing)[None]
        features = self.model.encode(pixels.to(self._device, memory_format=torch.channels_last))
        caption = self.model.describe(features)
        attention = self.model.attention(features, caption.tokens)[0].float().cpu().numpy()
        sentence, pieces = self._tokeniser.spelled(self.model.vocabulary.piece_ids(caption.tokens[0].tolist()))
        words = align(sentence, pieces, len(pieces.ids), None)
        maps = [attention[[token - 1 for token in word.tokens]].mean(axis=0) for word in words]
        return Caption(
            sentence=sentence,
            spans=tuple((word.start, word.end) for word in words),
            attention=np.stack(maps) if maps else attention[:0],
            log_probability=float(caption.log_probability[0]),
            shape=picture.shape,
            checkpoint=CheckpointIdentity(self.card.name, self.card.sha256, self.card.model, self.card.preset),
        )


def _size(caption: Caption) -> int:
    return caption.attention.nbytes
