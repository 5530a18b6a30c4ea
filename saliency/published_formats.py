"""The files of weights that authors published: the names of their tensors by those here.

A name here is rewritten by the first pattern that it matches; what follows the pattern stays. So a prefix stands for
all tensors of a part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from .models.clip_salgan.spec import CUT_TO_INTEGERS
from .models.spec import Text
from .models.trunks.vgg16_stride8 import torchvision_names

Tensors = Mapping[str, Tensor]
Names = tuple[tuple[str, str], ...]  # pattern of names here, replacement, as `re.sub` takes them

DENSENET = "conv0 norm0 relu0 pool0 denseblock1 transition1 denseblock2 transition2 denseblock3 transition3 denseblock4"
RESNET = "conv1 bn1 relu maxpool layer1 layer2 layer3 layer4"


@dataclass(frozen=True)
class PublishedFormat:
    """How one published file of weights relates to a model here.

    Attributes:
        title: the authors' name of it.
        source: the repository whose code reads it.
        names: of its tensors, by patterns of those here.
        config: from the file's tensors to the fields of the preset ``paper`` that are set differently.
        pictures: fields of `Preprocessing` that differ from the preset's.
        values: by name here, how the file's tensor becomes the model's where it is not the same.
        limits: sentences for the card.
    """

    title: str
    source: str
    names: Names
    config: Callable[[Tensors], dict[str, Any]]
    pictures: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Callable[[Tensor], Tensor]] = field(default_factory=dict)
    limits: tuple[Text, ...] = ()

    def name_of(self, name: str) -> str:
        """The name in the file of the tensor that is called `name` here."""
        for pattern, replacement in self.names:
            theirs, found = re.subn(f"^{pattern}", replacement, name)
            if found:
                return theirs
        return name


def _transalnet(title: str, children: str, **config: Any) -> PublishedFormat:
    """TranSalNet with one of its two trunks, whose layers its code numbers."""
    blocks = ("from_deep", "from_middle", *(rf"decoder\.{number}" for number in range(4)))
    return PublishedFormat(
        title=title,
        source="LJOVO/TranSalNet",
        names=(
            *(
                (rf"trunk\.features\.(?:features_)?{child}\.", f"encoder.encoder.{number}.")
                for number, child in enumerate(children.split())
            ),
            *_transformer("deep", "decoder.TransEncoder1"),
            *_transformer("middle", "decoder.TransEncoder2"),
            *_transformer("fine", "decoder.TransEncoder3"),
            *((rf"{block}\.0\.", f"decoder.conv{number}.") for number, block in enumerate(blocks, 1)),
            *((rf"{block}\.1\.", f"decoder.batchnorm{number}.") for number, block in enumerate(blocks, 1)),
            (r"readout\.", "decoder.conv7."),
        ),
        config=lambda _: config,
        # Its training reads pictures in [0, 1] as they are.
        pictures={"mean": (0.0, 0.0, 0.0), "std": (1.0, 1.0, 1.0)},
    )


def _transformer(here: str, theirs: str) -> Names:
    """The names of a transformer encoder in TranSalNet's code."""
    layer = rf"{here}\.layers\.(\d+)"
    inside = rf"{theirs}.transformer_encoder.layer.\1"
    return (
        (rf"{here}\.project\.", f"{theirs}.patch_embeddings."),
        (rf"{here}\.positions", f"{theirs}.position_embeddings"),
        (rf"{here}\.norm\.", f"{theirs}.transformer_encoder.encoder_norm."),
        (rf"{layer}\.norm1\.", f"{inside}.attention_norm."),
        (rf"{layer}\.attention\.", f"{inside}.attn."),
        (rf"{layer}\.norm2\.", f"{inside}.ffn_norm."),
        (rf"{layer}\.mlp\.0\.", f"{inside}.ffn.fc1."),
        (rf"{layer}\.mlp\.3\.", f"{inside}.ffn.fc2."),
    )


def _flat(here: str, theirs: str, convolutions: int) -> Iterable[tuple[str, str]]:
    """A block of convolutions with batch norm and ReLU, which the file numbers through."""
    for number in range(convolutions):
        yield rf"{here}\.{number}\.0\.", f"{theirs}.{3 * number}."
        yield rf"{here}\.{number}\.1\.", f"{theirs}.{3 * number + 1}."


def _size_of_prior(tensors: Tensors) -> dict[str, int]:
    """The input that a prior (1, 1, h, w) belongs to: 80 pixels per cell and side."""
    prior = tensors.get("prior")
    return {} if prior is None or prior.ndim != 4 else {"height": 80 * prior.shape[2], "width": 80 * prior.shape[3]}


FORMATS: Mapping[str, tuple[PublishedFormat, ...]] = {
    "transalnet": (
        _transalnet("TranSalNet_Dense", DENSENET),
        _transalnet("TranSalNet_Res", RESNET, trunk="resnet50"),
    ),
    "clip_salgan": (
        PublishedFormat(
            title="the generator",
            source="gumusserv/CLIP-SalGan",
            names=(
                *_flat("vgg1", "conv_vgg1", 3),
                *_flat("vgg2", "conv_vgg2", 3),
                *_flat(r"enlarge\.1", "conv_scratch", 2),
                (r"text\.1\.", "text_feature_conv."),
                (r"fusion\.conv\.", "fusion_conv."),
                (r"readout\.", "sigmoid.0."),
            ),
            config=lambda _: {"variant": "reference", "null_text": "encode_empty"},
            limits=(CUT_TO_INTEGERS,),
        ),
    ),
    "mlnet": (
        PublishedFormat(
            title="the port of MLNet",
            source="immortal3/MLNet-Pytorch",
            names=(
                *((rf"trunk\.{re.escape(here)}$", theirs) for here, theirs in torchvision_names().items()),
                (r"mix\.", "int_conv."),
                (r"readout\.", "pre_final_conv."),
                (r"offsets$", "prior"),
            ),
            config=lambda tensors: {"port": True, **_size_of_prior(tensors)},
            values={"offsets": lambda prior: prior.flatten() - 1},
        ),
    ),
}
