"""What there is no ground truth for is reported before anything is predicted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.data.layouts import open_data_set
from saliency.errors import DatasetError


def write(path: Path, values: np.ndarray | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((12, 16), 9, dtype=np.uint8) if values is None else values).save(path)
    return path


@pytest.fixture
def root(tmp_path) -> Path:
    for name in ("p0", "p1", "p2"):
        write(tmp_path / "images" / f"{name}.png")
    return tmp_path


def test_nothing_that_matches_is_refused_with_the_first_of_both(root):
    write(root / "maps" / "q0.png")
    sentence = r"None of 3 pictures has a map or fixations of its name \(first picture “p0\.png”, first map “q0\.png”\)"
    with pytest.raises(DatasetError, match=sentence):
        open_data_set(root, require_ground_truth=True)
    assert open_data_set(root).notices == ()  # predicting needs none


def test_a_data_set_of_pictures_alone_is_refused(root):
    with pytest.raises(DatasetError, match=r"None of 3 pictures.*there are no files of ground truth"):
        open_data_set(root, require_ground_truth=True)


def test_a_part_without_ground_truth_is_counted(root):
    write(root / "maps" / "p1.png")
    write(root / "fixations" / "p1.png")
    write(root / "fixations" / "p9.png")
    assert open_data_set(root).notices == (
        "2 of 3 samples have neither a map nor fixations (first “p0”).",
        "Files of ground truth that have the name of no picture: 1 (first “p9.png”).",
    )


@pytest.mark.parametrize(("folder", "sentence"), [("maps", "density maps only"), ("fixations", "fixations only")])
def test_one_kind_alone_is_reported(root, folder, sentence):
    for name in ("p0", "p1", "p2"):
        write(root / folder / f"{name}.png")
    (notice,) = open_data_set(root, require_ground_truth=True).notices
    assert sentence in notice


def test_a_data_set_with_everything_has_no_notices(root):
    for folder in ("maps", "fixations"):
        for name in ("p0", "p1", "p2"):
            write(root / folder / f"{name}.png")
    assert open_data_set(root, require_ground_truth=True).notices == ()
