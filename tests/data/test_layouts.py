"""The layout of a folder is recognised by its content."""

import numpy as np
import pytest
from PIL import Image

from saliency.data import SjtuTis
from saliency.data.folder import FolderDataset
from saliency.data.layouts import open_data_set
from saliency.errors import DatasetError
from tests.samples import write_data_set


def test_sjtu_tis_is_recognised_and_may_be_split(tmp_path):
    root = write_data_set(tmp_path / "gaze", pictures=10)
    data = open_data_set(root)
    assert isinstance(data.samples, SjtuTis)
    assert (data.name, data.split, len(data.samples)) == ("gaze", None, 40)
    assert len(open_data_set(root, "test").samples) == 8


def test_a_folder_of_pictures_is_recognised(tmp_path):
    (tmp_path / "images").mkdir()
    Image.fromarray(np.zeros((4, 6, 3), dtype=np.uint8)).save(tmp_path / "images" / "a.png")
    assert isinstance(open_data_set(str(tmp_path)).samples, FolderDataset)
    with pytest.raises(DatasetError, match="no splits"):
        open_data_set(tmp_path, "test")


def test_anything_else_is_refused_by_name_and_not_by_path(tmp_path):
    for folder, reported in ((tmp_path, "neither"), (tmp_path / "absent", "no folder “absent”")):
        with pytest.raises(DatasetError, match=reported) as error:
            open_data_set(folder)
        assert str(tmp_path.parent) not in str(error.value)
