"""What every model has in common: what it takes in, what it gives back, and how it is cut in two.

A model is ``encode_image(pixels) -> features`` and ``decode(features, text) -> SaliencyOutput``; ``forward`` composes
them. Features are passed, never kept on the model, so that one picture can be encoded once for many sentences and two
users of one model cannot mix.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .scanning import Scanner


class SaliencyModel(nn.Module):
    """Base of every neural model. Stateless between calls."""

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """Everything that depends on the picture alone. With a `scanner` it is `refine(scanner(pixels))`.

        Args:
            pixels: (N, 3, H, W) prepared as the preset's `Preprocessing` says.
        """
        return self.refine(self.scanner(pixels))

    @property
    def scanner(self) -> Scanner | None:
        """The parts that learned elsewhere, the trunk for one; None where a model does not tell them from the rest."""
        return None

    def refine(self, scanned: ImageFeatures) -> ImageFeatures:
        """The rest of `encode_image`, from what the `scanner` says."""
        raise NotImplementedError

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """The map of each picture under its sentence.

        Args:
            features: of N pictures, as `encode_image` gives them (repeat pictures with `select`).
            text: N sentences, one a picture; None is the pure condition for all.
        """
        raise NotImplementedError

    def forward(self, pixels: Tensor, text: TextFeatures | None = None) -> SaliencyOutput:
        """`decode(encode_image(pixels), text)`; one sentence a picture."""
        return self.decode(self.encode_image(pixels), text)


def activate(logits: Tensor, activation: str) -> Tensor:
    """Logits (N, 1, h, w) to a map in [0, 1]: ``sigmoid``, or ``softmax`` over pixels scaled to a maximum of 1."""
    if activation == "sigmoid":
        return torch.sigmoid(logits)
    if activation == "softmax":
        logits = logits.float()
        return torch.exp(logits - logits.amax(dim=(-2, -1), keepdim=True))
    raise ValueError(f"activation must be sigmoid or softmax, not {activation!r}")
