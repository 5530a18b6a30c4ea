"""A recipe's data sources become samples; what a source asks for is what is read."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.data.folder import FolderDataset
from saliency.errors import RecipeError
from saliency.training.datasets import read_pictures, read_samples
from saliency.training.recipe import DataSource


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


def test_a_folder_is_split_one_picture_in_ten_always_alike(tmp_path: Path):
    for kind in ("images", "maps"):
        (tmp_path / kind).mkdir()
        for number in range(40):
            Image.fromarray(np.zeros((4, 6), np.uint8)).save(tmp_path / kind / f"{number:02}.png")
    parts = {
        split: [sample.stem for sample in read_samples([DataSource(reader="folder", root=tmp_path, split=split)])]
        for split in ("training", "validation")
    }
    assert len(parts["validation"]) == 4
    assert sorted(parts["training"] + parts["validation"]) == [f"{number:02}" for number in range(40)]
    again = read_samples([DataSource(reader="folder", root=tmp_path, split="validation")])
    assert [sample.stem for sample in again] == parts["validation"]
    with pytest.raises(RecipeError, match="no split “test” of a folder"):
        read_samples([DataSource(reader="folder", root=tmp_path, split="test")])


@pytest.mark.parametrize("limit", [1, 3, 99])
def test_a_limit_counts_pictures(tiny_sjtu: Path, limit: int):
    samples = read_samples([DataSource(reader="sjtu_tis", root=tiny_sjtu, limit=limit)])
    assert list(Counter(sample.picture for sample in samples).values()) == [4] * min(limit, 6)


def test_a_limit_draws_from_all_origins(tmp_path: Path):
    """Names that begin with their origin's: the first by name would all be of one."""
    (tmp_path / "images").mkdir()
    for number in range(40):
        Image.new("RGB", (6, 4)).save(tmp_path / "images" / f"{'ab'[number // 20]}{number:02}.png")
    source = DataSource(reader="folder", root=tmp_path, template_sentences=True, limit=20)
    drawn = [path.name for path in read_pictures([source])]
    assert drawn == sorted(drawn) == [path.name for path in read_pictures([source])]
    assert 5 < Counter(name[0] for name in drawn)["b"] < 15


def test_a_source_may_join_the_sentences_about_two_things(tiny_sjtu: Path):
    source = DataSource(reader="sjtu_tis", root=tiny_sjtu, split="training", sentence_pairs=True)
    sentences = Counter(sample.sentence for sample in read_samples([source]))
    assert sentences["a square on the left. the wall behind"] == 4
    assert sentences["the wall behind and a square on the left"] == 4
    assert len(list(sentences.elements())) == 4 * 6


def test_a_folder_without_any_map_is_no_gaze(folder: Path):
    for path in (folder / "maps").iterdir():
        path.unlink()
    with pytest.raises(RecipeError, match=r"“folder” has no maps of gaze in .*: check its folder"):
        read_samples([DataSource(reader="folder", root=folder)])


def test_phrases_are_no_gaze(tmp_path: Path):
    with pytest.raises(RecipeError, match="“flickr8k_entities”"):
        read_samples([DataSource(reader="flickr8k_entities", root=tmp_path)])


def test_what_a_detector_finds_is_no_gaze(folder: Path):
    with pytest.raises(RecipeError, match="Template sentences"):
        read_samples([DataSource(reader="folder", root=folder, template_sentences=True)])


def test_one_file_stands_for_a_picture_whether_it_has_gaze_or_not(folder: Path, tiny_sjtu: Path):
    source = DataSource(reader="folder", root=folder, template_sentences=True)
    assert [path.name for path in read_pictures([source, source])] == ["a.png", "b.png", "c.png"]
    assert len(read_pictures([source.model_copy(update={"limit": 2})])) == 2
    release = tiny_sjtu / "image_1800"
    extra = release / "000000000001_3.png"  # the public release has a file for each condition
    Image.new("RGB", (64, 48)).save(extra)
    try:
        paths = read_pictures([source, DataSource(reader="sjtu_tis", root=tiny_sjtu, template_sentences=True)])
    finally:
        extra.unlink()
    assert len(paths) == 3 + 6
