"""The base class of all models: an image encoder, a decoder and their interface.

A model is ``encode_image(pixels) -> features`` and ``decode(features, text) -> SaliencyOutput``; ``forward`` composes
them. Features are arguments, never stored on the model: a picture is encoded once for many sentences, and concurrent
callers of one model do not interfere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from torch import Tensor, nn

from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .front_end import FrontEnd


class Targets(Protocol):
    """What a training batch knows of the maps of T sentences, see `training.targets.batch.Batch`.

    Attributes:
        density: (T, 1, h, w) >= 0, of gaze.
        fixations: (T, 1, h, w) binary.
        named: (T, 1, h, w) in [0, 1], cells covered by the boxes of what the sentence names; zero where unknown.
        boxed: (T,) bool, whether these boxes are known.
    """

    density: Tensor
    fixations: Tensor
    named: Tensor
    boxed: Tensor


# A term of a model's own in its training loss, from what it answers in training mode.
OwnLoss = Callable[[SaliencyOutput, Targets], Tensor]


class SaliencyModel(nn.Module):
    """Base of every model. Stateless between calls."""

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """Features that depend on the picture alone: `encode_features(front_end(pixels))` for models with a front end.

        Args:
            pixels: (N, 3, H, W) prepared as the preset's `Preprocessing` says.
        """
        if self.front_end is None:
            raise NotImplementedError("a model without a front end encodes pictures itself")
        return self.encode_features(self.front_end(pixels))

    @property
    def front_end(self) -> FrontEnd | None:
        """The pre-trained front end; None for models without a separate one."""
        return None

    def encode(self, pictures: Tensor | ImageFeatures) -> ImageFeatures:
        """`encode_image` of pixels (N, 3, H, W), or `encode_features` of their features of the `front_end`."""
        return self.encode_image(pictures) if isinstance(pictures, Tensor) else self.encode_features(pictures)

    @property
    def losses(self) -> Mapping[str, OwnLoss]:
        """Terms of the training loss that only this model has, by the name that recipes give them."""
        return {}

    @property
    def location_prior(self) -> Tensor | None:
        """(h, w) learned factors that every map is multiplied with, 1 is neutral; None without such a prior."""
        return None

    @property
    def grounding_branch(self) -> nn.Module | None:
        """A `grounding.GroundingModel` of the model's trunk and grounding; None without grounding."""
        return None

    def encode_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The second step of `encode_image`, from the features of the `front_end`."""
        raise NotImplementedError

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """The map of each picture under its sentence.

        Args:
            features: of N pictures, as `encode_image` gives them (repeat pictures with `select`).
            text: N sentences, one per picture; None is the pure condition for all.
        """
        raise NotImplementedError

    def forward(self, pixels: Tensor, text: TextFeatures | None = None) -> SaliencyOutput:
        """`decode(encode_image(pixels), text)`; one sentence per picture."""
        return self.decode(self.encode_image(pixels), text)
