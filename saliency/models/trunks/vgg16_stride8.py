"""VGG-16 (Simonyan and Zisserman, ICLR 2015) as MLNet has it: from the third pooling on, nothing is halved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from .trunk import IMAGENET, hub_weights

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))  # channels and convolutions of each


class Vgg16Stride8(nn.Module):
    """VGG-16's convolutions by their names, ``conv1_1`` to ``conv5_3``; the fourth pooling has stride 1.

    Its levels 8, 16 and 32 are the third pooling, the fourth pooling and conv5_3 behind its ReLU, all on the grid of
    stride 8; halves of an odd side are rounded down.

    Args:
        levels: some of 8, 16 and 32.
        wide_pool: the fourth pooling is 5x5, as in the PyTorch ports of MLNet, and not 2x2.
    """

    normalisation = IMAGENET

    def __init__(self, levels: Sequence[int], wide_pool: bool = False):
        super().__init__()
        self.levels = tuple(levels)
        self.channels = {8: 256, 16: 512, 32: 512}
        self.wide_pool = wide_pool
        inputs = 3
        for block, (channels, convolutions) in enumerate(BLOCKS, 1):
            for number in range(1, convolutions + 1):
                self.add_module(f"conv{block}_{number}", nn.Conv2d(inputs, channels, 3, padding=1))
                inputs = channels

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        """Pixels (N, 3, H, W) to the levels by name, (N, C, H / 8, W / 8)."""
        x = pixels
        for block in (1, 2, 3):
            x = F.max_pool2d(self._block(x, block), 2)
        fourth = self._pool_without_stride(self._block(x, 4))
        found = {8: x, 16: fourth, 32: self._block(fourth, 5)}
        return {level: found[level] for level in self.levels}

    def _block(self, x: Tensor, block: int) -> Tensor:
        for number in range(1, BLOCKS[block - 1][1] + 1):
            x = F.relu(self.get_submodule(f"conv{block}_{number}")(x))
        return x

    def _pool_without_stride(self, x: Tensor) -> Tensor:
        """The fourth pooling; 2x2 hangs out at the top and left, as in Theano."""
        if self.wide_pool:
            return F.max_pool2d(x, 5, stride=1, padding=2)
        return F.max_pool2d(F.pad(x, (1, 0, 1, 0), value=float("-inf")), 2, stride=1)

    def start_from(self, weights: Mapping[str, Tensor], text_encoder: str | None = None) -> set[str]:
        """Load VGG-16's tensors by torchvision's names, which are timm's as well; the classifier's are not used.

        Args:
            text_encoder: not needed by a trunk.

        Returns:
            names of the loaded tensors in this module.

        Raises:
            ValueError: a tensor is missing or of another shape; nothing is taken over then.
        """
        own = self.state_dict()
        found = {name: weights.get(theirs) for name, theirs in torchvision_names().items()}
        wrong = [name for name, value in found.items() if value is None or value.shape != own[name].shape]
        if wrong:
            raise ValueError(f"not the weights of VGG-16: {wrong[:3]}")
        self.load_state_dict({name: value.float() for name, value in found.items() if value is not None})
        return set(found)

    def start_from_hub(self) -> set[str]:
        """Load timm's VGG-16 of ImageNet, see `Trunk.start_from_hub`."""
        return self.start_from(hub_weights("vgg16"))


def torchvision_names() -> dict[str, str]:
    """Names of the trunk's tensors in torchvision's ``vgg16``, by their names here."""
    names, number = {}, 0
    for block, (_, convolutions) in enumerate(BLOCKS, 1):
        for convolution in range(1, convolutions + 1):
            for tensor in ("weight", "bias"):
                names[f"conv{block}_{convolution}.{tensor}"] = f"features.{number}.{tensor}"
            number += 2  # its ReLU
        number += 1  # the pooling
    return names
