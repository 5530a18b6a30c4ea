"""A checkpoint's own grounding branch, measured on pictures whose answers are known."""

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from saliency import checkpoints
from saliency.checkpoints import Description
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.features import ImageFeatures
from saliency.models.grounding import Grounding, GroundingModel
from saliency.models.spec import MIT, ModelSpec, Preset, Text
from saliency.preprocessing import Preprocessing
from saliency.report.pointing_scores import pointing, section
from saliency.training import datasets

PICTURES = Preprocessing(64, 96)
CORNER, ELSEWHERE = (0, 0), (32, 48)


class Corner(Grounding):
    """Every word points at the upper left cell."""

    def logits(self, features: ImageFeatures, words: Tensor, tokens: Tensor) -> Tensor:
        logits = torch.zeros(len(words), words.shape[1], *features["keys"].shape[-2:])
        logits[..., 0, 0] = 1.0
        return logits


class Strides(nn.Module):
    """A stand-in for a trunk."""

    def __init__(self):
        super().__init__()
        self.channels = {8: 3, 16: 3}

    def forward(self, pixels: Tensor) -> dict[int, Tensor]:
        return {level: nn.functional.avg_pool2d(pixels, level) for level in self.channels}


@dataclass(frozen=True)
class Config:
    points: bool = True

    def preprocessing(self) -> Preprocessing:
        return PICTURES


class Pointer(SaliencyModel):
    def __init__(self, config: Config):
        super().__init__()
        self.backbone = nn.Module()
        self.backbone.trunk = Strides()
        self.head = nn.Linear(1, 1)
        if config.points:
            self.grounding = Corner(self.backbone.trunk.channels, 384, 8)

    @property
    def grounding_branch(self) -> GroundingModel | None:
        return GroundingModel(self.backbone.trunk, self.grounding) if hasattr(self, "grounding") else None


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The names `points` and `does_not`, in the folder of the command."""
    spec = ModelSpec(
        name="pointer",
        title="Pointer",
        summary=Text("", ""),
        paper="",
        model=Pointer,
        presets={"compact": Preset(Config(), "minilm")},
        tiny={},
        licence=MIT,
        reads_text=True,
        word_maps=True,
    )
    monkeypatch.setattr(registry, "REGISTRY", MappingProxyType({"pointer": spec}))
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(tmp_path / "checkpoints"))
    monkeypatch.setattr(datasets, "SENTENCE_CACHE", tmp_path / "sentences")
    for name, points in (("points", True), ("does_not", False)):
        description = Description(
            name=name,
            model="pointer",
            preset="compact",
            config={"points": points},
            text_encoder="minilm",
            preprocessing=PICTURES,
            licence="MIT",
        )
        checkpoints.save(Pointer(Config(points)), description, tmp_path / "checkpoints")
    return "points"


@pytest.fixture
def corners(tmp_path: Path) -> Path:
    """Pictures in the layout of Flickr8k Entities; in one held-out phrase of four the thing is in the corner."""
    root = tmp_path / "flickr8k_entities"
    (root / "images").mkdir(parents=True)
    records = []
    for number, corners in ((7, (CORNER, ELSEWHERE)), (27, (ELSEWHERE, ELSEWHERE)), (8, (CORNER, CORNER))):
        Image.fromarray(np.zeros((64, 96, 3), np.uint8)).save(root / "images" / f"{number}.jpg")
        boxes = {
            str(chain): [[x / 96, y / 64, (x + 16) / 96, (y + 16) / 64]] for chain, (y, x) in enumerate(corners, 1)
        }
        caption = {"text": "a dog and a cat", "phrases": [[0, 2, "1", "other"], [3, 5, "2", "other"]]}
        records.append({"id": str(number), "width": 96, "height": 64, "boxes": boxes, "captions": [caption]})
    with gzip.open(root / "annotations.jsonl.gz", "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(record) + "\n" for record in records)
    return root


def test_pointing_in_closed_form(checkpoint: str, corners: Path):
    measured = pointing(checkpoint, corners)
    assert measured.phrases == 4
    assert measured.pointing == 0.25
    # A box covers 4 of 96 cells. The one cell that stands out is one of the 4, or one of the 92 outside.
    inside, outside = 0.5 + 0.5 / 4, 0.5 - 0.5 / 92
    assert measured.box_auc == pytest.approx((inside + 3 * outside) / 4)
    assert "| **Pointer** | 0.250 | 0.527 | 4 |" in section({"**Pointer**": measured})


def test_a_model_whose_words_do_not_point_has_nothing_to_measure(checkpoint: str, tmp_path: Path):
    assert pointing("does_not", tmp_path / "nowhere") is None


@pytest.mark.parametrize("name", ["tranblend", "gsgnet"])
def test_the_branch_is_the_models_own(name: str):
    model = registry.create(name, "compact")
    found = model.grounding_branch
    assert found.grounding is model.grounding
    assert found.trunk is (model.backbone if name == "tranblend" else model).trunk
    levels = found.trunk(torch.zeros(1, 3, 64, 64))
    assert {8, 16} <= levels.keys()


@pytest.mark.parametrize("name", ["transalnet", "clip_salgan"])
def test_there_is_none_without_grounding(name: str):
    assert registry.create(name, "compact").grounding_branch is None


def test_the_card_keeps_what_was_measured(checkpoint: str):
    measured = checkpoints.Pointing(pointing=0.5, box_auc=0.75, phrases=12)
    estimate = checkpoints.Estimate(mean=0.7, low=0.6, high=0.8, n=3)
    checkpoints.annotate(checkpoint, {"validation": {"pure": {"CC": estimate}}}, grounding=measured)
    card = checkpoints.annotate(checkpoint, {"test": {"pure": {"CC": estimate}}})
    assert card.grounding == measured
    assert card.metrics.keys() == {"validation", "test"}
    assert checkpoints.load(checkpoint)[1] == card
