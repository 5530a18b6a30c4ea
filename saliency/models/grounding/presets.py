"""What the specifications of models with a grounding branch share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..spec import Named, Text
from ..trunks import normalisation

COMMON_NOTES = (
    Text("ResNet-50 v2 trunk, ImageNet (Apache-2.0)", "ResNet-50 v2 主干，ImageNet（Apache-2.0）"),
    Text(
        "object detector YOLOX-nano as it is (COCO, Apache-2.0); it knows the things of most SJTU-TIS pictures, not "
        "their gaze",
        "未经改动的物体检测器 YOLOX-nano（COCO，Apache-2.0）；它认识大多数 SJTU-TIS 图片中的物体，但不知道人们的注视",
    ),
    Text("this project's naming: what a sentence is about", "本项目的 naming：句子所说的对象"),
)


def check_detector(trunk: str) -> None:
    """Raises `ValueError` where `trunk` does not normalise pictures as the object detector does."""
    if normalisation(trunk) != normalisation("resnet50_v2"):
        raise ValueError(f"the object detector takes pictures as x / 127.5 - 1, and the trunk {trunk} does not")


_FORMER_NAMES = {"subject": "referent", "dim": "grounding_dim"}


def present_grounding(preset: str, config: Mapping[str, Any]) -> Named:
    """Preset and configuration of earlier cards and recipes by their present names.

    Up to version 0.1 `compact` had neither a detector nor a referent head; ``objects: true`` and ``subject: true``
    added them.
    """
    former = config.get("subject") is True or (config.get("objects") is True and "referent" not in config)
    config = {_FORMER_NAMES.get(name, name): value for name, value in config.items()}
    if preset == "compact" and former:
        objects, referent = config.pop("objects", False), config.pop("referent", False)
        preset = "compact" if referent else "compact_words"
        if not objects:
            config["objects"] = False
    return Named(preset, config)
