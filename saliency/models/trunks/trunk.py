"""What trunks of pre-trained networks share: frozen batch norms, levels by stride, and weights by timm's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self, TypedDict

from torch import Tensor, nn

from ...errors import HubUnavailableError
from ...runtime.torchvision_compat import ensure_torchvision


class Normalisation(TypedDict):
    """Mean and standard deviation of each RGB channel, as `Preprocessing` takes them."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]


IMAGENET = Normalisation(mean=(0.485, 0.456, 0.406), std=(0.229, 0.224, 0.225))
HALVES = Normalisation(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


class Trunk(nn.Module):
    """A network whose ``features`` give one feature map per stride.

    Batch norms stay in evaluation mode, as batches of eight pictures are too small for their statistics; their scales
    and shifts are trained.

    Args:
        name: of the network in timm, whose weights it takes.
        features: pixels (N, 3, H, W) to a list of feature maps, with timm's names of tensors.
        channels: of each feature map by its stride, in the list's order.
        levels: strides that are given, see `check_levels`.
    """

    def __init__(self, name: str, features: nn.Module, channels: Mapping[int, int], levels: Sequence[int]):
        super().__init__()
        self.levels = tuple(levels)
        self.name = name
        self.features = features
        self.channels = dict(channels)

    def train(self, mode: bool = True) -> Self:
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


def check_levels(name: str, levels: Sequence[int], known: Sequence[int] | Mapping[int, int]) -> None:
    """Raise ``ValueError`` where one of `levels` is none of the `known` strides of the network `name`."""
    missing = [level for level in levels if level not in known]
    if missing:
        raise ValueError(f"{name} has feature maps at strides {list(known)}, not at {missing}")


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
