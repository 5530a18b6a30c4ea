"""Small blocks that several models share. Tensors are (N, C, H, W) unless stated otherwise.

timm.layers has some of them (LayerNorm2d, Mlp). Ours stay: importing timm takes two seconds at every start, and the
tensors of its Mlp have other names than those of the shipped checkpoints.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class ChannelLayerNorm(nn.LayerNorm):
    """Layer normalisation over the channels of each position, as vision transformers have it."""

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__(channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Normalise (N, C, H, W) over the channels."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvBNReLU(nn.Sequential):
    """Convolution that keeps the size (odd kernels), batch normalisation, ReLU. The convolution has no bias."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int = 3, groups: int = 1, dilation: int = 1
    ) -> None:
        padding = dilation * (kernel // 2)
        super().__init__(
            nn.Conv2d(in_channels, out_channels, kernel, 1, padding, dilation, groups, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )


class FeedForward(nn.Sequential):
    """Position-wise two-layer perceptron with GELU."""

    def __init__(self, channels: int, ratio: int = 4) -> None:
        super().__init__(
            nn.Conv2d(channels, ratio * channels, 1),
            nn.GELU(),
            nn.Conv2d(ratio * channels, channels, 1),
        )


class ZeroInitConv(nn.Sequential):
    """Two 3x3 convolutions, the last one zero: what is added to a network without changing its answer at first."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        last = nn.Conv2d(out_channels // 2, out_channels, 3, padding=1)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)
        super().__init__(nn.Conv2d(in_channels, out_channels // 2, 3, padding=1), nn.GELU(), last)


class SentenceEmbedding(nn.Module):
    """Sentence vectors projected to `dim`; a learned null vector without a sentence.

    The null vector starts at zero.
    """

    def __init__(self, text_dim: int, dim: int) -> None:
        super().__init__()
        self.projection = nn.Linear(text_dim, dim)
        self.null = nn.Parameter(torch.zeros(dim))

    def forward(self, sentence: Tensor | None, present: Tensor | None, pictures: int) -> Tensor:
        """Embeddings (N, dim) of `pictures` = N sentences.

        Args:
            sentence: (N, text_dim), or None where no picture has a sentence.
            present: (N,) bool, false where a sentence is empty; None as above.
        """
        if sentence is None or present is None:
            return self.null.expand(pictures, -1)
        return torch.where(present[:, None], self.projection(sentence), self.null)


def resize(x: Tensor, size: Sequence[int]) -> Tensor:
    """`x` resized to (h, w) `size`, bilinear between pixel centres (``align_corners=False``)."""
    if tuple(x.shape[-2:]) == tuple(size):
        return x
    return F.interpolate(x, size=tuple(size), mode="bilinear", align_corners=False)


def activate(logits: Tensor, activation: str) -> Tensor:
    """Logits (N, 1, h, w) to a map in [0, 1]: ``sigmoid``, or ``softmax`` over pixels scaled to a maximum of 1."""
    if activation == "sigmoid":
        return torch.sigmoid(logits)
    if activation == "softmax":
        logits = logits.float()
        return torch.exp(logits - logits.amax(dim=(-2, -1), keepdim=True))
    raise ValueError(f"activation must be sigmoid or softmax, not {activation!r}")


def freeze_fraction(blocks: Sequence[nn.Module], rate: float, stem: Iterable[nn.Module | nn.Parameter] = ()) -> None:
    """Stop the first ``floor(rate * len(blocks))`` blocks from learning.

    Args:
        blocks: in the order the data passes them.
        rate: fraction in [0, 1].
        stem: what comes before the blocks (embeddings, patch embedding, class and position tokens): frozen as soon as
            `rate` is above zero.
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"rate must be between 0 and 1, not {rate}")
    if rate > 0:
        for part in stem:
            part.requires_grad_(False)
    for block in blocks[: math.floor(rate * len(blocks))]:
        block.requires_grad_(False)


def freeze_norm_stats(module: nn.Module) -> None:
    """Put the batch normalisations of `module` in evaluation mode: running statistics are used and stay as they are.

    ``model.train()`` undoes it, so call it after each.
    """
    for part in module.modules():
        if isinstance(part, nn.modules.batchnorm._BatchNorm):
            part.eval()
