"""Which of a training's parts only look, so that what they say of its pictures is kept (`data.kept`)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor, nn

from ..data.kept import KeptFeatures, fingerprint
from ..errors import RecipeError
from ..models.base import ImageFeatures, SaliencyModel
from ..models.objects import ObjectPlanes
from ..models.spec import Preprocessing
from ..precision import autocast
from .datasets import RUNS
from .loop import parameter_groups
from .recipe import Options, Stage

# To be deleted at will. With the compact trunk 2 MB a picture, for the subject 4 MB.
FEATURES = RUNS / "features"


class KeepingOptions(Options):
    """
    Attributes:
        keep: what trunk and object detector say of the training's pictures is found once and kept in files, also for
            other recipes; neither may learn then. A picture is always or never mirrored, and keeps its colours.
    """

    keep: bool = False


def kept_scans(model: SaliencyModel | nn.Module, preprocessing: Preprocessing, stage: Stage) -> KeptFeatures:
    """What `model.scan` says of pictures, for the stages that keep it.

    Raises:
        RecipeError: the parts that say it would learn, or pictures would change from epoch to epoch.
    """
    if not model.scanning:
        raise RecipeError(f"The stage “{stage.name}” keeps what a trunk says, and its model has none apart.")
    parameter_groups(model, stage)  # says what learns
    learning = (part for part in model.scanning if not isinstance(part, ObjectPlanes))  # which never does
    if any(parameter.requires_grad for part in learning for parameter in part.parameters()):
        raise RecipeError(
            f"The stage “{stage.name}” keeps what the trunk says, so that the trunk must not learn: its rate is not 0."
        )
    if changing := [name for name in ("brightness", "contrast", "crop") if getattr(stage.augmentation, name)]:
        raise RecipeError(f"The stage “{stage.name}” keeps what the trunk says, and “{changing[0]}” would change it.")

    @torch.inference_mode()
    def look(pixels: Tensor) -> ImageFeatures:
        pixels = pixels.to(next(model.parameters()).device)
        with autocast(pixels.device):
            return model.eval().scan(pixels)

    names = sorted(look(torch.zeros(1, 3, preprocessing.height, preprocessing.width)))  # others ask for other levels
    return features_kept(model.scanning, look, [asdict(preprocessing), names])


def features_kept(
    parts: Sequence[nn.Module], look: Callable[[Tensor], ImageFeatures], described: list[Any]
) -> KeptFeatures:
    """What `look` says by `parts` of pictures that are prepared as `described`."""
    return KeptFeatures(FEATURES / fingerprint(parts, json.dumps([*described, ObjectPlanes.SIZE])), look)
