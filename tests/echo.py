"""A model whose answer is where its words point, for tests of what being told is worth."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

import torch
from torch import Tensor, nn

from saliency import checkpoints
from saliency.checkpoints import Description
from saliency.models import registry
from saliency.models.base import ImageFeatures, SaliencyModel, SaliencyOutput, TextFeatures
from saliency.models.grounding import Grounding
from saliency.models.spec import ModelSpec, Preprocessing, Preset


@dataclass(frozen=True)
class Config:
    pass


class Echo(SaliencyModel):
    """Looks where the guidance says; everywhere alike where nothing is said."""

    def __init__(self, config: Config):
        super().__init__()
        self.grounding = Grounding({8: 3, 16: 3}, 384, 8)

    def encode_image(self, pixels: Tensor) -> ImageFeatures:
        return self.grounding.look(lambda x: {s: nn.functional.avg_pool2d(x, s) for s in (8, 16)}, pixels)[1]

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        named = self.grounding(features, text).named
        map_ = torch.ones_like(named) if text is None else named
        return SaliencyOutput(map_, map_)


@contextmanager
def listening(folder: Path, preprocessing: Preprocessing) -> Iterator[str]:
    """The only model there is meanwhile, with a checkpoint in `folder`; its name."""
    spec = ModelSpec(
        name="echo",
        title="Echo",
        summary="",
        paper="",
        model=Echo,
        presets={"compact": Preset(Config(), preprocessing, "minilm")},
        licence="MIT",
        reads_text=True,
        word_maps=True,
    )
    description = Description(
        name="echo",
        model="echo",
        preset="compact",
        config={},
        text_encoder="minilm",
        preprocessing=preprocessing,
        licence="MIT",
    )
    torch.manual_seed(0)
    with (
        patch.object(registry, "REGISTRY", MappingProxyType({"echo": spec})),
        patch.dict("os.environ", SALIENCY_CHECKPOINTS=str(folder)),
    ):
        checkpoints.save(Echo(Config()), description, folder)
        yield "echo"
