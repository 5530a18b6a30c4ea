"""A tiny data set in the layout of SJTU-TIS: gaze lies on a bright square, so there is something to learn."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from saliency.models import trunks
from saliency.training import runs

from . import squares as coloured
from .tiny_recipe import recipe_on

SENTENCES = {"_0": "", "_1": "a square and a wall", "_3": "a square on the left", "_2": "the wall behind"}


@pytest.fixture(autouse=True)
def _float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """One number format for all: a broken run could otherwise go on in another one than it began in."""
    monkeypatch.setattr("saliency.runtime.precision.preferred_dtype", lambda device: torch.float32)


@pytest.fixture(scope="session")
def tiny_sjtu(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "tiny_sjtu"
    for folder in ("image_1800", "map_1800", "fixation_1800"):
        (root / folder).mkdir(parents=True)
    generator = np.random.default_rng(0)
    texts = {}
    for number in range(1, 7):
        name = f"{number:012d}"
        y, x = generator.integers(8, 30), generator.integers(8, 44)
        picture = generator.integers(0, 90, (48, 64, 3)).astype(np.uint8)
        picture[y : y + 10, x : x + 10] = 255
        Image.fromarray(picture).save(root / "image_1800" / f"{name}_0.jpg")
        for suffix, sentence in SENTENCES.items():
            rows, columns = np.mgrid[:48, :64]
            density = np.exp(-((rows - y - 5) ** 2 + (columns - x - 5) ** 2) / 60)
            Image.fromarray((255 * density).astype(np.uint8)).save(root / "map_1800" / f"{name}{suffix}.png")
            fixations = np.zeros((48, 64), np.uint8)
            fixations[y + 2 : y + 8 : 2, x + 2 : x + 8 : 2] = 255
            Image.fromarray(fixations).save(root / "fixation_1800" / f"{name}{suffix}.png")
            texts[f"{number}{suffix}"] = sentence
    (root / "text.json").write_text(json.dumps(texts))
    names = [f"{number:012d}" for number in range(1, 7)]
    (root / "split.json").write_text(json.dumps({"training": names[:4], "validation": names[4:]}))
    return root


@pytest.fixture
def tiny_recipe(tiny_sjtu: Path) -> dict:
    """See `recipe_on`."""
    return recipe_on(tiny_sjtu)


@pytest.fixture(scope="session")
def squares(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """See `squares.draw`."""
    return coloured.draw(tmp_path_factory.mktemp("squares"))


@pytest.fixture
def squares_source(squares: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict:
    """Their training pictures as a recipe names them, for models on the trunk ``colours``; all goes with the test."""
    monkeypatch.setitem(trunks.TRUNKS, "colours", coloured.ColourTrunk)
    monkeypatch.setattr("saliency.training.datasets.SENTENCE_CACHE", tmp_path / "sentences")
    monkeypatch.setattr("saliency.training.frozen_features.FEATURES", tmp_path / "features")
    return {"reader": "flickr8k_entities", "root": str(squares), "split": "training"}


@pytest.fixture(scope="session")
def masks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures with a bright rectangle, and its mask."""
    root = tmp_path_factory.mktemp("masks")
    for folder in ("images", "masks"):
        (root / folder).mkdir()
    generator = np.random.default_rng(0)
    for number in range(40):
        picture = generator.integers(0, 80, (48, 64, 3)).astype(np.uint8)
        mask = np.zeros((48, 64), np.uint8)
        y, x = generator.integers(4, 24), generator.integers(4, 40)
        mask[y : y + 18, x : x + 18] = 255
        picture[mask > 0] = generator.integers(120, 255, 3)
        Image.fromarray(picture).save(root / "images" / f"{number:02}.png")
        Image.fromarray(mask).save(root / "masks" / f"{number:02}.png")
    return root


@pytest.fixture
def earlier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, torch.Tensor]:
    """The weights of a run called ``earlier``."""
    weights = {"old.weight": torch.full((3, 2), 5.0), "old.bias": torch.full((4,), 5.0)}
    (tmp_path / "earlier").mkdir()
    save_file(weights, tmp_path / "earlier" / "best.safetensors")
    monkeypatch.setattr(runs, "RUNS", tmp_path)
    return weights
