"""The base class of all models: an image encoder, a decoder and their interface.

A model is ``encode_image(pixels) -> features`` and ``decode(features, text) -> SaliencyOutput``; ``forward`` composes
them. Features are arguments, never stored on the model: a picture is encoded once for many sentences, and concurrent
callers of one model do not interfere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from torch import Tensor, nn

from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .front_end import FrontEnd
from .hub_methods import HubMethods
from .own_loss import OwnLoss

if TYPE_CHECKING:
    from .grounding import GroundingModel, GroundingOutput


class SaliencyModel(nn.Module, HubMethods):
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
    def grounding_branch(self) -> GroundingModel | None:
        """A `grounding.GroundingModel` of the model's trunk and grounding; None without grounding."""
        return None

    def encode_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The second step of `encode_image`, from the features of the `front_end`.

        They are the `own_features` and, for models with grounding, those of `Grounding.encode_features`.
        """
        features = self.own_features(front_features)
        branch = self.grounding_branch
        return features if branch is None else features | branch.grounding.encode_features(front_features)

    def own_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The part of `encode_features` that no other model has."""
        raise NotImplementedError

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """The map of each picture under its sentence.

        Args:
            features: of N pictures, as `encode_image` gives them (repeat pictures with `select`).
            text: N sentences, one per picture; None is the pure condition for all.
        """
        branch = self.grounding_branch
        if branch is None:
            raise NotImplementedError
        return self.decode_grounded(features, text, branch.grounding(features, text))

    def decode_grounded(
        self, features: ImageFeatures, text: TextFeatures | None, grounding: GroundingOutput
    ) -> SaliencyOutput:
        """`decode` for models with grounding, from the output of its grounding for the same pictures and sentences.

        Args:
            features: as for `decode`; the `own_features` suffice.
        """
        raise NotImplementedError

    def forward(self, pixels: Tensor, text: TextFeatures | None = None) -> SaliencyOutput:
        """`decode(encode_image(pixels), text)`; one sentence per picture."""
        return self.decode(self.encode_image(pixels), text)
