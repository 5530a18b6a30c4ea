"""Samples that are arrays instead of files, and a small data set that is files, in the layout of SJTU-TIS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

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


def write_sjtu_tis(root: Path, pictures: int = 12, shape: tuple[int, int] = (36, 48)) -> Path:
    """Pictures of noise with gaze of noise, every other one with each group's conditions; half of them validation."""
    for name in ("image_1800", "map_1800", "fixation_1800"):
        (root / name).mkdir(parents=True)
    generator = np.random.default_rng(0)
    texts, names = {}, [f"{number:012d}" for number in range(1, pictures + 1)]
    for number, name in enumerate(names, 1):
        Image.fromarray(generator.integers(0, 256, (*shape, 3), dtype=np.uint8)).save(
            root / "image_1800" / f"{name}_0.png"
        )
        for suffix in ("_0", "") if number % 2 else ("_0", "_1", "_2", "_3"):
            Image.fromarray(generator.integers(0, 256, shape, dtype=np.uint8)).save(
                root / "map_1800" / f"{name}{suffix}.png"
            )
            fixations = np.where(generator.random(shape) < 0.02, 255, 0).astype(np.uint8)
            fixations[0, 0] = 255
            Image.fromarray(fixations).save(root / "fixation_1800" / f"{name}{suffix}.png")
            texts[f"{number}{suffix}"] = "" if suffix == "_0" else f"thing {number}{suffix}"
    (root / "text.json").write_text(json.dumps(texts))
    (root / "split.json").write_text(
        json.dumps({"training": names[: pictures // 2], "validation": names[pictures // 2 :]})
    )
    return root
