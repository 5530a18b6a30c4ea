"""Oracle boxes, on a model whose map is its grounding."""

from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
import torch
from torch import nn

from saliency import checkpoints
from saliency.checkpoints import Description
from saliency.conditions import Condition
from saliency.models import registry
from saliency.models.base import SaliencyModel
from saliency.models.features import ImageFeatures, SaliencyOutput, TextFeatures
from saliency.models.grounding import Grounding, GroundingModel
from saliency.models.spec import MIT, ModelSpec, Preset, Text
from saliency.preprocessing import Preprocessing
from saliency.report import oracle_boxes
from saliency.training.targets.pseudo_targets import bumps
from tests.made import made

BOX = np.array([[0.0, 0.0, 0.5, 0.5]])


@dataclass(frozen=True)
class Config:
    def preprocessing(self) -> Preprocessing:
        return Preprocessing(64, 96)


class Echo(SaliencyModel):
    """Looks where the guidance says."""

    def __init__(self, config: Config):
        super().__init__()
        self.grounding = Grounding({8: 3, 16: 3}, 384, 8)

    @property
    def grounding_branch(self) -> GroundingModel:
        return GroundingModel(nn.Identity(), self.grounding)

    def encode_image(self, pixels: torch.Tensor) -> ImageFeatures:
        trunk = lambda x: {s: nn.functional.avg_pool2d(x, s) for s in (8, 16)}  # noqa: E731
        return self.grounding.encode_features(self.grounding.front_end_on(trunk)(pixels))

    def decode(self, features: ImageFeatures, text: TextFeatures | None = None) -> SaliencyOutput:
        named = self.grounding(features, text).named
        return SaliencyOutput(named, named)


@pytest.fixture
def checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    spec = ModelSpec(
        name="echo",
        title="Echo",
        summary=Text("", ""),
        paper="",
        model=Echo,
        presets={"compact": Preset(Config(), "minilm")},
        tiny={},
        licence=MIT,
        reads_text=True,
        word_maps=True,
    )
    monkeypatch.setattr(registry, "REGISTRY", MappingProxyType({"echo": spec}))
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(tmp_path))
    torch.manual_seed(0)
    description = Description(
        name="echo",
        model="echo",
        preset="compact",
        config={},
        text_encoder="minilm",
        preprocessing=Preprocessing(64, 96),
        licence="MIT",
    )
    checkpoints.save(Echo(Config()), description, tmp_path)
    return "echo"


def test_a_model_that_copies_its_guidance_is_right_with_oracle_boxes(checkpoint: str):
    gaze = bumps(BOX, (8, 12), np.ones(1))
    samples = [
        made("a", Condition.SALIENT, values=gaze, sentence="a dog"),
        made("b", Condition.SALIENT, values=gaze, sentence="a cat"),  # no boxes
        made("a", Condition.PURE, values=gaze),
    ]
    found = oracle_boxes.measure(checkpoint, samples, {("a", Condition.SALIENT): BOX})
    salient = found[Condition.SALIENT]
    assert salient.oracle.mean == pytest.approx(1, abs=1e-3)
    assert salient.own.mean == pytest.approx(salient.pointing.mean, abs=0.02)
    assert salient.own.mean < 0.9
    assert np.isnan(found[Condition.GENERAL].oracle.mean)


def test_the_marks_are_of_validation_pictures_under_three_conditions():
    boxes = oracle_boxes.read_boxes()
    pictures = {picture for picture, _ in boxes}
    assert len(pictures) == 33
    assert set(boxes) == {(picture, condition) for picture in pictures for condition in oracle_boxes.TEXTS}
    for values in boxes.values():
        assert values.shape[1] == 4
        assert (values[:, :2] < values[:, 2:]).all()
        assert values.min() >= 0
        assert values.max() <= 1
    general, salient, other = (
        boxes["000000003220", condition] for condition in (Condition.GENERAL, Condition.SALIENT, Condition.NON_SALIENT)
    )
    np.testing.assert_array_equal(general, np.concatenate([salient, other]))


def test_the_table_has_three_rows_per_model(checkpoint: str):
    samples = [
        made("a", condition, values=bumps(BOX, (8, 12), np.ones(1)), sentence="a dog")
        for condition in oracle_boxes.TEXTS
    ]
    found = oracle_boxes.measure(checkpoint, samples, {("a", condition): BOX for condition in oracle_boxes.TEXTS})
    rows = [line.strip("| ").split(" | ") for line in oracle_boxes.section({"**Echo**": found}).splitlines()]
    values_of = {cells[0]: [float(cell.split()[0]) for cell in cells[1:]] for cells in rows if "Echo" in cells[0]}
    assert list(values_of) == [
        f"**Echo**, {row}" for row in ("grounding against the boxes", "own map", "with oracle boxes")
    ]
    assert values_of["**Echo**, with oracle boxes"] == pytest.approx([1, 1, 1], abs=1e-3)
    assert max(values_of["**Echo**, own map"]) < 0.9
