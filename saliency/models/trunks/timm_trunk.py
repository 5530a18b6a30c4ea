"""Any image trunk of timm by its name there, such as ``densenet161`` or ``pvt_v2_b3``.

timm is imported where it is used: its import takes two seconds, and nothing that ships needs it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ...runtime.torchvision_compat import ensure_torchvision
from .trunk import Normalisation, Trunk, check_levels


class TimmTrunk(Trunk):
    """A trunk of timm. DenseNet is tapped behind its dense blocks, before the transitions, as both papers here do.

    Args:
        name: of the architecture in timm.
        levels: strides the architecture has.
        final_norm: false leaves out the last batch norm and its ReLU, where the architecture ends in one (DenseNet).

    Raises:
        ValueError: timm has no such architecture, or it has no feature map of a stride asked for.
    """

    def __init__(self, name: str, levels: Sequence[int], final_norm: bool = True):
        ensure_torchvision()
        import timm

        if not timm.is_model(name):
            raise ValueError(f"there is no trunk called {name!r}, neither here nor in timm")
        with torch.device("meta"):
            strides = timm.create_model(name, features_only=True).feature_info.reduction()
        check_levels(name, levels, strides)
        # All strides up to the largest: a trunk that models share gives later those of the other model too.
        known = strides[: strides.index(max(levels)) + 1]
        features = timm.create_model(name, features_only=True, out_indices=tuple(range(len(known))))
        super().__init__(name, features, dict(zip(known, features.feature_info.channels(), strict=True)), levels)
        if not final_norm and "features_norm5" in features:
            features["features_norm5"] = nn.Identity()


def timm_normalisation(name: str) -> Normalisation:
    """``mean`` and ``std`` of the pictures that timm's weights of `name` were trained on.

    Raises:
        ValueError: timm has no such architecture.
    """
    ensure_torchvision()
    import timm

    configuration = timm.get_pretrained_cfg(name) if timm.is_model(name) else None
    if configuration is None:
        raise ValueError(f"there is no trunk called {name!r}, neither here nor in timm")
    return Normalisation(mean=configuration.mean, std=configuration.std)
