"""Models without weights: the map is computed from the picture by a formula, and nothing is learned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import PictureShapeError
from ..preprocessing import Preprocessing
from .base import SaliencyModel
from .features import ImageFeatures, SaliencyOutput, TextFeatures
from .limits import FORMULA
from .spec import WITHOUT_WEIGHTS, ModelSpec, Preset, Text

Picture = NDArray[np.uint8]


@dataclass(frozen=True)
class BaselineConfig:
    """Configuration of a `Baseline`.

    Attributes:
        side: longer side in pixels to which larger pictures are reduced; smaller ones are taken as they are.
    """

    side: int = 1024

    def preprocessing(self) -> Preprocessing:
        """RGB values in [0, 1], not normalised."""
        return Preprocessing(self.side, self.side, mean=(0, 0, 0), std=(1, 1, 1), fit="within")


class Baseline(SaliencyModel):
    """A text-blind model without parameters. A subclass is its `saliency`; the map has the picture's size.

    The picture is computed on the CPU, wherever its tensor is.
    """

    def __init__(self, config: BaselineConfig) -> None:
        super().__init__()
        self.config = config

    def saliency(self, picture: Picture) -> NDArray[np.floating]:
        """The map (H, W), meant to lie in [0, 1], of a picture (H, W, 3) uint8 RGB, contiguous."""
        raise NotImplementedError

    def predict(self, picture: Picture) -> NDArray[np.float32]:
        """The map of a picture.

        Args:
            picture: (H, W, 3) uint8 RGB.

        Returns:
            (H, W) float32 in [0, 1]; all zero where nothing is found, as in a picture of one colour.

        Raises:
            PictureShapeError: `picture` is not such an array.
            UnknownModelError: this machine's OpenCV lacks the algorithm.
        """
        if picture.ndim != 3 or picture.shape[2] != 3 or picture.dtype != np.uint8 or picture.size == 0:
            raise PictureShapeError("A picture is an array of height x width x 3 with values from 0 to 255.")
        return np.clip(self.saliency(np.ascontiguousarray(picture)), 0, 1).astype(np.float32)

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        """``map`` (N, 1, H, W) from pixels (N, 3, H, W) in [0, 1]."""
        pictures = (pixels.float().clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        maps = np.stack([self.predict(picture) for picture in pictures])
        return {"map": torch.from_numpy(maps)[:, None].to(pixels.device)}

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        """There is no last activation: the logits are the map."""
        return SaliencyOutput(features["map"], features["map"])


def baseline_spec(name: str, title: str, summary: Text, paper: str, model: type[Baseline], limit: Text) -> ModelSpec:
    """The registry entry of a baseline.

    Args:
        limit: what its own formula cannot do; every baseline has a sentence that it is a formula.
    """
    return ModelSpec(
        name=name,
        title=title,
        summary=summary,
        paper=paper,
        model=model,
        presets={"compact": Preset(BaselineConfig())},
        tiny={"compact": Preset(BaselineConfig(64))},
        licence=WITHOUT_WEIGHTS,
        reads_text=False,
        word_maps=False,
        learned=False,
        limits=(FORMULA, limit),
    )
