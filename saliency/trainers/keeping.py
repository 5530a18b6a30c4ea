"""Which of a training's parts only look, so that what they say of its pictures is kept (`data.kept`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict

import torch
from torch import Tensor

from ..data.kept import KeptFeatures, fingerprint
from ..errors import RecipeError
from ..models.base import SaliencyModel
from ..models.features import ImageFeatures
from ..models.front_end import HIRES_SCALE, FrontEnd
from ..models.grounding import GroundingModel
from ..models.objects import MIN_SCORE, SPREAD, ObjectPlanes
from ..precision import autocast
from ..preprocessing import Preprocessing
from .datasets import RUNS
from .loop import parameter_groups
from .recipe import Options, Stage

# Cache version: raise it when resizing, the front end or mosaics change.
LOOKS = 1
# To be deleted at will. With the compact trunk 2 MB a picture, for the subject 4 MB.
FEATURES = RUNS / "features"


class KeepingOptions(Options):
    """
    Attributes:
        keep: what trunk and object detector say of pictures is found once and kept in files, also for other recipes;
            neither may learn then. ``flip`` is then the share of pictures that are always seen mirrored, and colours
            stay as they are.
    """

    keep: bool = False


def refuse_change(model: SaliencyModel | GroundingModel, stage: Stage) -> None:
    """Raises `RecipeError` where a stage is to keep what the model's front_end says, and that would change."""
    if not stage.options.get("keep"):
        return
    if model.front_end is None:
        raise RecipeError(f"The stage “{stage.name}” keeps what a trunk says, and its model has none apart.")
    parameter_groups(model, stage)  # says what learns
    learning = (part for part in model.front_end.parts if not isinstance(part, ObjectPlanes))  # which never does
    if any(parameter.requires_grad for part in learning for parameter in part.parameters()):
        raise RecipeError(
            f"The stage “{stage.name}” keeps what the trunk says, so that the trunk must not learn: its rate is not 0."
        )
    if changing := [name for name in ("brightness", "contrast", "crop") if getattr(stage.augmentation, name)]:
        raise RecipeError(f"The stage “{stage.name}” keeps what the trunk says, and “{changing[0]}” would change it.")


def kept(
    front_end: FrontEnd, preprocessing: Preprocessing, look: Callable[[Tensor], ImageFeatures] | None = None
) -> KeptFeatures:
    """What `front_end`, or `look`, which asks parts of it, says of pictures (N, 3, H, W)."""

    @torch.inference_mode()
    def said(pixels: Tensor) -> ImageFeatures:
        pixels = pixels.to(next(front_end.trunk.parameters()).device)
        for part in front_end.parts:
            part.eval()
        with autocast(pixels.device):
            return (look or front_end)(pixels)

    blank = said(torch.zeros(1, 3, preprocessing.height, preprocessing.width))
    told = {name: [str(value.dtype), *value.shape] for name, value in sorted(blank.items())}
    described = json.dumps([LOOKS, asdict(preprocessing), ObjectPlanes.SIZE, MIN_SCORE, SPREAD, HIRES_SCALE, told])
    return KeptFeatures(FEATURES / fingerprint(front_end.parts, described), said)
