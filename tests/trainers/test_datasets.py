"""A recipe's data sources become samples; what a source asks for is what is read."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.conditions import Condition
from saliency.data import objects
from saliency.data.folder import FolderDataset
from saliency.data.objects import Detections
from saliency.data.pseudo import PseudoSample
from saliency.errors import RecipeError
from saliency.trainers import datasets
from saliency.trainers.datasets import read_samples
from saliency.trainers.recipe import DataSource


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures, the last without a map."""
    for kind, names in (("images", "abc"), ("maps", "ab")):
        (tmp_path / kind).mkdir()
        for name in names:
            Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / kind / f"{name}.png")
    return tmp_path


def test_sources_follow_each_other_and_samples_without_a_density_are_left_out(tiny_sjtu: Path, folder: Path):
    assert len(FolderDataset(folder)) == 3
    sources = [
        DataSource(reader="folder", root=folder),
        DataSource(reader="sjtu_tis", root=tiny_sjtu, split="validation", conditions=("pure", "salient")),
    ]
    stems = [sample.stem for sample in read_samples(sources)]
    assert stems == ["a", "b", *(f"{number:012d}_{suffix}" for number in (5, 6) for suffix in (0, 3))]


@pytest.mark.parametrize("limit", [1, 3, 99])
def test_a_limit_counts_pictures(tiny_sjtu: Path, limit: int):
    samples = read_samples([DataSource(reader="sjtu_tis", root=tiny_sjtu, limit=limit)])
    assert list(Counter(sample.picture for sample in samples).values()) == [4] * min(limit, 6)


def test_a_detector_adds_pseudo_targets_from_peoples_own_free_viewing(
    tiny_sjtu: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    weights = tmp_path / "net.onnx"
    weights.write_bytes(b"weights")
    box = np.array([[0.0, 0.0, 0.5, 0.5]], np.float32)
    seen = Detections(box, np.array([16]), np.array([0.9], np.float32))
    monkeypatch.setattr(objects, "Detector", lambda path: lambda picture: seen)
    monkeypatch.setattr(datasets, "DETECTION_CACHE", tmp_path / "detections")
    source = DataSource(reader="sjtu_tis", root=tiny_sjtu, split="training", detector=weights)
    samples = read_samples([source])
    made = [sample for sample in samples if isinstance(sample, PseudoSample)]
    real = {sample.picture: sample for sample in samples if sample.condition is Condition.PURE}
    assert {sample.picture for sample in made} == set(real)
    assert any("dog" in sample.sentence.lower() for sample in made)
    for sample in made:
        assert sample.image_path == real[sample.picture].image_path
        assert sample.free.shape == real[sample.picture].density().shape
    assert not {sample.stem for sample in made} & {sample.stem for sample in real.values()}


def test_phrases_are_no_gaze(tmp_path: Path):
    with pytest.raises(RecipeError, match="“flickr8k_entities”"):
        read_samples([DataSource(reader="flickr8k_entities", root=tmp_path)])
