"""Layouts of data sets of salient objects, and what is refused of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.data import ObjectDataset
from saliency.errors import DatasetError

SQUARE = np.zeros((40, 60), dtype=bool)
SQUARE[10:30, 20:45] = True


def save(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values).save(path)


def write(root: Path, pictures: str, masks: str, names: tuple[str, ...] = ("a", "b")) -> Path:
    """Grey pictures of 60 x 40, and a square as mask of each."""
    for name in names:
        save(root / pictures / f"{name}.jpg", np.full((40, 60, 3), 90, dtype=np.uint8))
        save(root / masks / f"{name}.png", SQUARE * np.uint8(255))
    return root


@pytest.mark.parametrize(
    ("pictures", "masks"),
    [
        ("images", "masks"),
        ("images", "ground_truth_mask"),
        ("DUT-OMRON-image", "pixelwiseGT-new-PNG"),
        ("imgs", "gt"),
        ("Imgs", "GT"),
        ("DUTS-TR-Image", "DUTS-TR-Mask"),
        ("DUTS-TE/DUTS-TE-Image", "DUTS-TE/DUTS-TE-Mask"),
    ],
)
def test_the_layouts_of_the_releases(tmp_path, pictures, masks):
    data = ObjectDataset(write(tmp_path / "set", pictures, masks))
    assert [sample.stem for sample in data] == ["a", "b"]
    assert data.name == "set"
    assert data.notices == ()
    assert data[0].image().shape == (*data[0].shape(), 3) == (40, 60, 3)
    assert data[0].mask().dtype == bool
    np.testing.assert_array_equal(data[0].mask(), SQUARE)


def test_pascal_s_has_folders_in_folders(tmp_path):
    data = ObjectDataset(write(tmp_path, "datasets/imgs/pascal", "datasets/masks/pascal"))
    assert [sample.stem for sample in data] == ["pascal/a", "pascal/b"]


def test_the_parts_of_duts_are_splits(tmp_path):
    write(tmp_path, "DUTS-TR/DUTS-TR-Image", "DUTS-TR/DUTS-TR-Mask")
    write(tmp_path, "DUTS-TE/DUTS-TE-Image", "DUTS-TE/DUTS-TE-Mask", ("c",))
    assert [sample.stem for sample in ObjectDataset(tmp_path)] == ["train/a", "train/b", "test/c"]
    assert [sample.stem for sample in ObjectDataset(tmp_path, "test")] == ["c"]
    with pytest.raises(DatasetError, match="no split “val”; there are: train, test"):
        ObjectDataset(tmp_path, "val")


def test_the_object_is_what_is_brighter_than_half(tmp_path):
    write(tmp_path, "images", "masks", ("a",))
    values = np.where(SQUARE, 129, 128).astype(np.uint8)
    save(tmp_path / "masks" / "a.png", values)
    np.testing.assert_array_equal(ObjectDataset(tmp_path)[0].mask(), SQUARE)
    Image.fromarray(SQUARE).save(tmp_path / "masks" / "a.png")  # one bit per pixel
    np.testing.assert_array_equal(ObjectDataset(tmp_path)[0].mask(), SQUARE)
    save(tmp_path / "masks" / "a.png", np.stack([255 * SQUARE.astype(np.uint8)] * 3, axis=-1))
    np.testing.assert_array_equal(ObjectDataset(tmp_path)[0].mask(), SQUARE)
    save(tmp_path / "masks" / "a.png", 0 * values)
    assert not ObjectDataset(tmp_path)[0].mask().any()


def test_masks_that_do_not_fit_are_refused(tmp_path):
    write(tmp_path, "images", "masks", ("a", "b", "c"))
    save(tmp_path / "masks" / "a.png", np.zeros((20, 30), dtype=np.uint8))
    save(tmp_path / "masks" / "b.png", SQUARE.astype(np.uint8))
    (tmp_path / "masks" / "c.png").write_bytes(b"no picture")
    small, labels, damaged = ObjectDataset(tmp_path)
    with pytest.raises(DatasetError, match=r"“a.png” of sample “a” is 30 x 20, the picture 60 x 40 pixels"):
        small.mask()
    with pytest.raises(DatasetError, match=r"“b.png” of sample “b” holds values of 0 and 1 only; white must be 255"):
        labels.mask()
    with pytest.raises(DatasetError, match=r"“c.png” of the data set cannot be read"):
        damaged.mask()


def test_what_has_no_partner_is_told(tmp_path):
    write(tmp_path, "images", "masks")
    (tmp_path / "masks" / "b.png").rename(tmp_path / "masks" / "z.png")
    data = ObjectDataset(tmp_path)
    assert [sample.stem for sample in data] == ["a"]
    assert list(data.notices) == [
        "1 of 2 pictures have no mask and are left out (first “b”).",
        "Masks that have the name of no picture: 1 (first “z.png”).",
    ]
    (tmp_path / "masks" / "a.png").rename(tmp_path / "masks" / "y.png")
    with pytest.raises(DatasetError, match="None of 2 pictures in “images” has a mask of its name in “masks”"):
        ObjectDataset(tmp_path)


def test_a_mask_may_end_with_what_it_is(tmp_path):
    write(tmp_path, "images", "masks", ("a",))
    (tmp_path / "masks" / "a.png").rename(tmp_path / "masks" / "a_mask.png")
    assert len(ObjectDataset(tmp_path)) == 1


def test_other_folders_are_refused(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(DatasetError, match="no data set of salient objects"):
        ObjectDataset(tmp_path)
    with pytest.raises(DatasetError, match="There is no folder “nowhere”"):
        ObjectDataset(tmp_path / "nowhere")
