"""Feature caching for stages whose trunk and detector are frozen."""

from __future__ import annotations

import json
from dataclasses import asdict

import torch
from torch import Tensor

from ..box_gaussians import SPREAD
from ..errors import RecipeError
from ..models.base import SaliencyModel
from ..models.detector import MIN_SCORE, ObjectPlanes
from ..models.features import ImageFeatures
from ..models.front_end import ONE_PASS_SCALE, FrontEnd
from ..models.grounding import GroundingModel
from ..preprocessing import Preprocessing
from ..runtime.precision import autocast
from .feature_cache import FeatureCache, fingerprint
from .learner import parameter_groups
from .recipe import Options, Stage
from .runs import RUNS

# Cache version: raise it when resizing, the front end or mosaics change.
CACHE_VERSION = 1
# May be deleted. With the compact trunk 2 MB per picture.
FEATURES = RUNS / "features"


class CachingOptions(Options):
    """Options of methods that can cache front-end features.

    Attributes:
        cache_features: compute the features of trunk and object detector once and cache them in files, also for other
            recipes; both must be frozen. ``flip`` is then the share of pictures that are always flipped, and there is
            no colour jitter.
    """

    cache_features: bool = False


def check_cacheable(model: SaliencyModel | GroundingModel, stage: Stage) -> None:
    """Raises `RecipeError` if a stage caches front-end features that would change during it."""
    if not stage.options.get("cache_features"):
        return
    if model.front_end is None:
        raise RecipeError(f"The stage “{stage.name}” caches features, and its model has no front end.")
    parameter_groups(model, stage)  # sets requires_grad
    trainable = (part for part in model.front_end.parts if not isinstance(part, ObjectPlanes))  # always frozen
    if any(parameter.requires_grad for part in trainable for parameter in part.parameters()):
        raise RecipeError(
            f"The stage “{stage.name}” caches features of the trunk, which must be frozen: its rate is not 0."
        )
    if changing := [name for name in ("brightness", "contrast", "crop") if getattr(stage.augmentation, name)]:
        raise RecipeError(f"The stage “{stage.name}” caches features, and “{changing[0]}” would change them.")


def feature_cache(front_end: FrontEnd, preprocessing: Preprocessing) -> FeatureCache:
    """The cache of the features of `front_end`."""

    @torch.inference_mode()
    def frozen(pixels: Tensor) -> ImageFeatures:
        pixels = pixels.to(next(front_end.trunk.parameters()).device)
        for part in front_end.parts:
            part.eval()
        with autocast(pixels.device):
            return front_end(pixels)

    blank = frozen(torch.zeros(1, 3, preprocessing.height, preprocessing.width))
    layout = {name: [str(value.dtype), *value.shape] for name, value in sorted(blank.items())}
    described = json.dumps(
        [
            CACHE_VERSION,
            asdict(preprocessing),
            ObjectPlanes.SIZE,
            MIN_SCORE,
            SPREAD,
            ONE_PASS_SCALE,
            layout,
            *filter(None, [front_end.grid]),
        ]
    )
    return FeatureCache(FEATURES / fingerprint(front_end.parts, described), frozen)
