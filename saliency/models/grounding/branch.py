"""The grounding branch of the compact models: pointing words and, optionally, a referent head."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor, nn

from ..blocks import resize
from ..detector import ObjectPlanes
from ..features import ImageFeatures, TextFeatures
from ..front_end import FrontEnd
from ..text import load_encoder
from .grounding_config import GroundingConfig
from .pointing import GroundingOutput, Pointing
from .referent_head import Referent

REFERENT_PREFIX = "referent."  # of the keys of `Referent.encode` among a picture's features


class Grounding(Pointing):
    """The grounding of the compact models: maps of words and, optionally, of the sentence's referent.

    Args:
        channels, text_dim, dim: see `Pointing`.
        objects: add an object detector (`detector.ObjectPlanes`).
        referent: add a `Referent` head.
        grid: (h, w) of the regions if the trunk reads a picture once for all parts, see `FrontEnd.grid`.
        presence: the referent head also estimates whether the picture shows the referent.
    """

    def __init__(
        self,
        channels: dict[int, int],
        text_dim: int,
        dim: int = 192,
        objects: bool = False,
        referent: bool = False,
        grid: tuple[int, int] | None = None,
        presence: bool = False,
    ):
        super().__init__(channels, text_dim, dim, objects)
        self.grid = grid
        self.objects = ObjectPlanes() if objects else None
        self.referent = Referent(channels, text_dim, dim, objects, presence=presence) if referent else None

    @classmethod
    def of(cls, config: GroundingConfig, channels: dict[int, int], grid: tuple[int, int] | None) -> Grounding:
        """The grounding of a model's configuration; `channels` and `grid` as above."""
        return cls(
            channels,
            config.text_dim,
            config.grounding_dim,
            config.objects,
            config.referent,
            grid,
            config.presence,
        )

    @property
    def config(self) -> tuple[int, int] | None:
        """What two groundings with equal weights may differ in: the grid of their front ends."""
        return self.grid

    def start_from(self, weights: Mapping[str, Tensor], text_encoder: str | None = None) -> set[str]:
        """Load the detector's pre-trained convolutions, and encode the names of its classes.

        Args:
            weights: of YOLOX-nano's convolutions, see `YOLOXNano.start_from`.
            text_encoder: name of the encoder of the model's sentences.

        Returns:
            names of the loaded tensors in this module.

        Raises:
            ValueError: there is no detector, or the weights are of another network; nothing is taken over then.
        """
        if self.objects is None or self.class_matcher is None:
            raise ValueError("this grounding has no object detector")
        if text_encoder is None:
            raise ValueError("the names of the detector's classes need a text encoder")
        self.objects.detector.start_from(weights)
        self.class_matcher.start_from(load_encoder(text_encoder))
        return {"class_matcher.names"} | {name for name in self.state_dict() if name.startswith("objects.")}

    def front_end_on(self, trunk: nn.Module) -> FrontEnd:
        """The front end of `trunk` and the detector."""
        return FrontEnd(trunk, self.objects, self.grid)

    def encode_regions(self, front_features: ImageFeatures) -> tuple[Tensor, ImageFeatures]:
        """Regions (N, dim, h, w) from the features of a `FrontEnd`, and their `keys`."""
        planes = front_features.get("planes")
        regions = self.region_features({8: front_features["stride8"], 16: front_features["stride16"]}, planes)
        return regions, self.keys(regions, planes)

    def encode_features(self, front_features: ImageFeatures) -> ImageFeatures:
        """The picture's features for `forward`, from those of a `FrontEnd`."""
        _, features = self.encode_regions(front_features)
        if self.referent is not None:
            inputs = self.referent.encode(front_features)
            # The detector's planes are among the features already.
            features |= {REFERENT_PREFIX + name: value for name, value in inputs.items() if name != "planes"}
        return features

    def forward(self, features: ImageFeatures, text: TextFeatures | None) -> GroundingOutput:
        """Maps of the words of `text` in pictures with `features` (see `encode_features`); one sentence per picture."""
        output = super().forward(features, text)
        if self.referent is None:
            return output
        if text is None:
            return replace(output, referent=output.named)
        inputs = {
            name.removeprefix(REFERENT_PREFIX): value
            for name, value in features.items()
            if name.startswith(REFERENT_PREFIX)
        }
        if self.objects is not None:
            inputs["planes"] = resize(features["planes"], self.referent.grid)
        weighted, strongest, present = output.guidance.unbind(1)
        found = self.referent(inputs, text)
        about = resize(found.map, strongest.shape[-2:])[:, 0].to(strongest.dtype) * present
        presence = None if found.presence is None else torch.sigmoid(found.presence)
        return replace(
            output,
            guidance=torch.stack([weighted, about, present], dim=1),
            referent=about[:, None],
            presence=presence,
        )
