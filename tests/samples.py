"""A data set in miniature, in the public layout of SJTU-TIS, for tests of what is computed on data sets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

HEIGHT, WIDTH = 60, 90
SENTENCES = {"_0": "", "_1": "a dog beside a tree", "_2": "a tree", "_3": "a dog"}


def both_groups(picture: int) -> dict[str, str]:
    """Of every other picture one sentence about the whole scene, of the others three; no sentence twice."""
    suffixes = ("",) if picture % 2 else ("_1", "_2", "_3")
    return {"_0": ""} | {suffix: f"thing {picture}{suffix}" for suffix in suffixes}


def write_data_set(
    root: Path,
    pictures: int = 3,
    sentences: dict[str, str] | Callable[[int], dict[str, str]] = SENTENCES,
    validation: int = 0,
) -> Path:
    """Pictures of 90 x 60, each under every condition with a blurred spot and fixations at its centre.

    Args:
        sentences: by the condition's suffix, of every picture or by its number from 1.
        validation: the last so many pictures are that split, the others training.
    """
    generator = np.random.default_rng(0)
    folders = [root / name for name in ("image_1800", "map_1800", "fixation_1800")]
    for folder in folders:
        folder.mkdir(parents=True)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    texts = {}
    for picture in range(1, pictures + 1):
        pixels = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        for suffix, sentence in (sentences(picture) if callable(sentences) else sentences).items():
            row, column = generator.integers(10, HEIGHT - 10), generator.integers(10, WIDTH - 10)
            spot = 255 * np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 100)
            fixations = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
            fixations[row - 2 : row + 3 : 2, column - 2 : column + 3 : 2] = 255
            for folder, values in zip(folders, (pixels, spot.astype(np.uint8), fixations), strict=True):
                Image.fromarray(values).save(folder / f"{picture:012d}{suffix}.png")
            texts[f"{picture}{suffix}"] = sentence
    (root / "text.json").write_text(json.dumps(texts), encoding="utf-8")
    if validation:
        names = [f"{picture:012d}" for picture in range(1, pictures + 1)]
        splits = {"training": names[:-validation], "validation": names[-validation:]}
        (root / "split.json").write_text(json.dumps(splits), encoding="utf-8")
    return root
