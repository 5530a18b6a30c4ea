"""Any image trunk of timm by its name there, such as ``densenet161``, ``pvt_v2_b3`` or ``tf_efficientnet_lite2``.

timm is imported where it is used: its import takes two seconds. Of what ships, MLNet needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import torch
from torch import Tensor, nn

from ...errors import HubUnavailableError
from ...runtime.torchvision_compat import ensure_torchvision


class TimmTrunk(nn.Module):
    """A trunk of timm. DenseNet is tapped behind its dense blocks, before the transitions, as both papers here do.

    Batch norms stay in evaluation mode, as batches of eight pictures are too small for their statistics; their scales
    and shifts are trained.

    Args:
        name: of the architecture in timm.
        levels: strides the architecture has.
        final_norm: false leaves out the last batch norm and its ReLU, where the architecture ends in one (DenseNet).

    Raises:
        ValueError: timm has no such architecture, or it has no feature map of a stride asked for.
    """

    def __init__(self, name: str, levels: Sequence[int], final_norm: bool = True):
        super().__init__()
        ensure_torchvision()
        import timm

        if not timm.is_model(name):
            raise ValueError(f"there is no trunk called {name!r}, neither here nor in timm")
        with torch.device("meta"):
            strides = timm.create_model(name, features_only=True).feature_info.reduction()
        missing = [level for level in levels if level not in strides]
        if missing:
            raise ValueError(f"{name} has feature maps at strides {strides}, not at {missing}")
        self.levels = tuple(levels)
        # All strides up to the largest: a trunk that models share gives later those of the other model too.
        known = strides[: strides.index(max(self.levels)) + 1]
        self.name = name
        self.features = timm.create_model(name, features_only=True, out_indices=tuple(range(len(known))))
        self.channels = dict(zip(known, self.features.feature_info.channels(), strict=True))
        if not final_norm and "features_norm5" in self.features:
            self.features["features_norm5"] = nn.Identity()

    def train(self, mode: bool = True) -> TimmTrunk:
        """Set the mode, but leave batch norms in evaluation mode: their statistics are frozen."""
        super().train(mode)
        for layer in self.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.eval()
        return self

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        """Pixels (N, 3, H, W) to the levels by stride, (N, C, H / stride, W / stride)."""
        found = dict(zip(self.channels, self.features(pixels), strict=True))
        return {level: found[level] for level in self.levels}

    def start_from(self, weights: Mapping[str, Tensor], text_encoder: str | None = None) -> set[str]:
        """Load pre-trained tensors by timm's names; those of later layers, such as the classifier, are not used.

        Args:
            text_encoder: not needed by a trunk.

        Returns:
            names of the loaded tensors in this module.

        Raises:
            ValueError: a tensor of the trunk is missing or of another shape; nothing is taken over then.
        """
        own = self.features.state_dict()
        wrong = [name for name, value in own.items() if name not in weights or weights[name].shape != value.shape]
        if wrong:
            raise ValueError(f"not the weights of this trunk: {sorted(wrong)[:3]}")
        self.features.load_state_dict({name: weights[name].float() for name in own})
        return {f"features.{name}" for name in own}

    def start_from_hub(self) -> set[str]:
        """Load timm's pre-trained weights, which needs a network the first time; names of the loaded tensors.

        Raises:
            HubUnavailableError: they are not on this machine and could not be fetched.
        """
        return self.start_from(hub_weights(self.name, features_only=True, out_indices=tuple(range(len(self.channels)))))


def hub_weights(name: str, **options: Any) -> dict[str, Tensor]:
    """The tensors of timm's pre-trained network `name`.

    Args:
        options: of ``timm.create_model``.

    Raises:
        HubUnavailableError: they are not on this machine and could not be fetched.
    """
    ensure_torchvision()
    import timm

    try:
        return timm.create_model(name, pretrained=True, **options).state_dict()
    except (OSError, RuntimeError) as error:
        raise HubUnavailableError(
            "The weights of {name} are not on this machine and could not be fetched from the hub.", name=name
        ) from error


class Normalisation(TypedDict):
    """Mean and standard deviation of each RGB channel, as `Preprocessing` takes them."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


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
