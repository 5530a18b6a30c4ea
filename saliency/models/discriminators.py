"""Discriminators of adversarial training: CLIP-SalGAN's reference's, and SalGAN's (Pan et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class SimpleDiscriminator(nn.Module):
    """The reference's: it judges maps alone. Returns logits (N, 1).

    Args:
        height, width: of the maps; even.
    """

    def __init__(self, height: int, width: int):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 64, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(64, 128, 3, padding=1),
            nn.LeakyReLU(0.2, inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classifier = nn.Linear(128 * (height // 2) * (width // 2), 1)

    def forward(self, pixels: Tensor, map_: Tensor) -> Tensor:
        """Logits (N, 1) that `map_` (N, 1, H, W) is a person's; `pixels` (N, 3, H, W) are ignored."""
        return self.classifier(self.features(map_))


class SalGanDiscriminator(nn.Module):
    """SalGAN's: it judges maps beside their pictures. Returns logits (N, 1).

    Args:
        height, width: of pictures and maps.
        first_pool: 2 as the paper prints; 4 as its released code.
    """

    def __init__(self, height: int, width: int, first_pool: int = 2):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(4, 3, 1),
            nn.ReLU(inplace=True),
            nn.Conv2d(3, 32, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(first_pool),
            nn.Conv2d(32, 64, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(64, 64, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            weight_norm(nn.Conv2d(64, 64, 3, padding=1)),
            nn.ReLU(inplace=True),
            weight_norm(nn.Conv2d(64, 64, 3, padding=1)),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        cells = (height // first_pool // 2 // 2) * (width // first_pool // 2 // 2)
        self.classifier = nn.Sequential(
            nn.Linear(64 * cells, 100), nn.Tanh(), nn.Linear(100, 2), nn.Tanh(), nn.Linear(2, 1)
        )

    def forward(self, pixels: Tensor, map_: Tensor) -> Tensor:
        """Logits (N, 1) that `map_` (N, 1, H, W) is a person's for the picture `pixels` (N, 3, H, W)."""
        return self.classifier(self.features(torch.cat([pixels, map_], dim=1)))


DISCRIMINATORS: dict[str, type[nn.Module]] = {"simple": SimpleDiscriminator, "salgan": SalGanDiscriminator}
