"""Samples that are arrays instead of files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from saliency.conditions import Condition
from saliency.data import Sample


@dataclass(frozen=True)
class Made(Sample):
    """A sample with its density at hand."""

    values: np.ndarray = field(default_factory=lambda: np.ones((4, 6)), compare=False)

    def image(self) -> np.ndarray:
        return np.full((*self.values.shape, 3), 128, dtype=np.uint8)

    def density(self) -> np.ndarray:
        return self.values


def made(picture: str, condition: Condition, sentence: str = "", values: np.ndarray | None = None) -> Made:
    """`Made` with as little as a test needs."""
    extra = {} if values is None else {"values": values}
    return Made(picture + condition.suffix, picture, condition, sentence, Path("none"), None, None, **extra)


def half(side: str, shape: tuple[int, int] = (4, 6)) -> np.ndarray:
    """A density that is all in one half; CC is 1 with itself and -1 with the other half."""
    values = np.zeros(shape)
    middle = shape[1] // 2
    values[:, slice(None, middle) if side == "left" else slice(middle, None)] = 1.0
    return values
