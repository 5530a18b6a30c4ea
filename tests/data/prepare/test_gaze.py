"""Free viewing from released layouts in one folder."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from saliency.conditions import Condition
from saliency.data.folder import FolderDataset
from saliency.data.prepare.gaze import open_sources, prepare_gaze
from saliency.errors import DatasetError


@pytest.fixture
def release(tmp_path):
    """A data set with a picture that has fixations only, one with a map only, and one without gaze."""
    root = tmp_path / "release"
    for folder in ("images", "maps", "fixations"):
        (root / folder).mkdir(parents=True)
    for name in "abc":
        Image.new("RGB", (120, 90), "olive").save(root / "images" / f"{name}.jpg")
    points = np.zeros((90, 120), np.uint8)
    points[30, 40] = points[60, 100] = 255
    Image.fromarray(points).save(root / "fixations" / "a.png")
    density = np.zeros((90, 120), np.uint8)
    density[:, 60:] = 100
    Image.fromarray(density).save(root / "maps" / "b.png")
    return root


def test_fixations_become_a_binary_picture_and_a_density(release, tmp_path):
    names = list(prepare_gaze(open_sources({"set": release}), tmp_path / "out"))
    assert names == ["set_a", "set_b"]
    fixations = np.asarray(Image.open(tmp_path / "out" / "fixations" / "set_a.png"))
    assert np.argwhere(fixations == 255).tolist() == [[30, 40], [60, 100]]
    assert (fixations > 0).sum() == 2
    density = np.asarray(Image.open(tmp_path / "out" / "maps" / "set_a.png")).astype(float)
    assert density.shape == (45, 60)
    assert density.max() == 255
    points = np.zeros((90, 120))
    points[30, 40] = points[60, 100] = 1
    expected = gaussian_filter(points, 23.99, mode="nearest", truncate=4).reshape(45, 2, 60, 2).mean(axis=(1, 3))
    assert np.abs(density / 255 - expected / expected.max()).max() < 0.01


def test_a_map_of_the_data_set_stays_the_map(release, tmp_path):
    list(prepare_gaze(open_sources({"set": release}), tmp_path / "out"))
    density = np.asarray(Image.open(tmp_path / "out" / "maps" / "set_b.png"))
    assert density.shape == (45, 60)
    assert (density[:, 30:] == 255).all()
    assert (density[:, :30] == 0).all()
    assert not (tmp_path / "out" / "fixations" / "set_b.png").exists()


def test_the_folder_is_read_as_a_data_set(release, tmp_path):
    list(prepare_gaze(open_sources({"one": release, "two": release}), tmp_path / "out"))
    samples = FolderDataset(tmp_path / "out")
    assert [sample.picture for sample in samples] == ["one_a", "one_b", "two_a", "two_b"]
    assert {sample.condition for sample in samples} == {Condition.PURE}
    assert samples[0].fixations().tolist() == [[30, 40], [60, 100]]
    assert (release / "images" / "a.jpg").read_bytes() == samples[0].image_path.read_bytes()


def test_a_folder_without_a_layout_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(DatasetError, match="“empty” is no data set"):
        open_sources({"one": tmp_path / "empty"})
