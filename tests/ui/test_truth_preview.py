"""What is shown of ground truth before it is scored."""

from __future__ import annotations

import base64
import json
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from saliency.gaze import GazeOptions
from saliency.gaze.options import written_options
from saliency.ui.gaze.gaze_tab import read_files
from saliency.ui.truth.truth_preview import DOT, SIDE, preview, preview_of


@pytest.fixture
def picture(tmp_path):
    """A grey picture of 1200 x 900."""
    Image.new("RGB", (1200, 900), (120, 120, 120)).save(tmp_path / "p.png")
    return str(tmp_path / "p.png")


@pytest.fixture
def table(tmp_path):
    (tmp_path / "f.csv").write_text("x,y\n300,225\n300,225\n900,450\n")
    return str(tmp_path / "f.csv")


def shown(view) -> np.ndarray:
    return np.asarray(
        Image.open(BytesIO(base64.b64decode(view["image"]["jpeg"].split(",", 1)[1]))).convert("RGB")
    ).astype(int)


def is_dot(pixel: np.ndarray) -> bool:
    return bool(np.abs(pixel - DOT).max() < 60)


def test_without_a_file_there_is_nothing_to_show(picture):
    assert preview(picture, None, None, GazeOptions) is None
    assert preview_of(picture, []) is None


def test_dots_lie_where_the_fixations_are(picture, table):
    view = json.loads(json.dumps(preview(picture, None, table, GazeOptions)))
    assert view["image"]["width"] == SIDE
    pixels = shown(view)
    assert pixels.shape == (480, 640, 3)
    assert is_dot(pixels[120, 160])
    assert is_dot(pixels[240, 480])
    assert np.ptp(pixels[400, 300]) < 12  # grey elsewhere
    assert view["where"]["place"] == [0, 0]  # two of three
    [file] = view["files"]
    assert (file["name"], file["failed"]) == ("f.csv", False)
    assert file["lines"][0].startswith("3 fixations")


def test_a_density_lies_over_the_picture_and_the_dots_on_it(picture, table, tmp_path):
    density = np.zeros((90, 120), np.uint8)
    density[60:80, 20:40] = 255
    Image.fromarray(density).save(tmp_path / "d.png")
    view = preview(picture, str(tmp_path / "d.png"), None, GazeOptions)
    pixels = shown(view)
    red, green, blue = pixels[370, 160]
    assert min(red, green) > blue + 60  # the end of viridis is yellow
    assert np.ptp(pixels[50, 600]) < 12
    assert view["where"]["place"] == (2, 0)
    both = preview(picture, str(tmp_path / "d.png"), table, GazeOptions)
    assert is_dot(shown(both)[120, 160])
    assert [file["name"] for file in both["files"]] == ["f.csv", "d.png"]


def test_a_mask_is_outlined_and_says_nothing_of_gaze(picture, table, tmp_path):
    mask = np.zeros((90, 120), np.uint8)
    mask[30:60, 40:80] = 255
    Image.fromarray(mask).save(tmp_path / "m.png")
    view = preview(picture, None, None, GazeOptions, str(tmp_path / "m.png"))
    pixels = shown(view)
    edge, inside = pixels[150:330, 210:216], pixels[200:280, 260:380]
    assert any(is_dot(pixel) for pixel in edge.reshape(-1, 3))
    assert np.ptp(inside, axis=2).max() < 12  # the picture itself
    assert view["where"] is None
    assert view["files"] == [
        {"name": "m.png", "failed": False, "lines": ["A mask of objects on 11% of the picture"]},
    ]
    both = preview(picture, None, table, GazeOptions, str(tmp_path / "m.png"))
    assert both["where"]["place"] == (0, 0)


def test_what_cannot_be_read_is_reported_and_the_other_file_is_shown(picture, table, tmp_path):
    Image.new("L", (100, 100), 200).save(tmp_path / "square.png")
    view = preview(picture, str(tmp_path / "square.png"), table, GazeOptions)
    assert [file["failed"] for file in view["files"]] == [False, True]
    assert "100 x 100, the picture 1200 x 900" in view["files"][1]["lines"][0]
    assert is_dot(shown(view)[120, 160])
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    alone = preview(picture, None, str(tmp_path / "bad.csv"), GazeOptions)
    assert alone["image"] is None
    assert alone["files"][0]["failed"]


@pytest.mark.parametrize(
    ("options", "words"), [({"screen": "1920x"}, "such as 1920x1080"), ({"units": "ells"}, "choices")]
)
def test_options_that_cannot_be_understood_are_reported_once(picture, table, options, words):
    view = preview(picture, table, table, lambda: written_options(**options))
    [file] = view["files"]
    assert file["failed"]
    assert words in file["lines"][0]


def test_without_a_picture_there_is_a_sentence(table):
    [file] = preview(None, None, table, GazeOptions)["files"]
    assert file["lines"] == ["No picture was given."]


def test_several_files_are_shown_together(picture, table, tmp_path):
    (tmp_path / "g.csv").write_text("x,y\n600,750\n")
    files = [table, str(tmp_path / "g.csv")]
    view = preview_of(picture, list(zip(("f.csv", "g.csv"), read_files(files, (900, 1200)), strict=True)))
    pixels = shown(view)
    assert all(is_dot(pixels[row, column]) for row, column in ((120, 160), (240, 480), (400, 320)))
    assert [file["name"] for file in view["files"]] == ["f.csv", "g.csv"]


def test_a_tiny_and_a_huge_picture_can_be_shown(tmp_path):
    (tmp_path / "f.csv").write_text("x,y\n3,4\n")
    for size in ((32, 32), (4000, 500)):
        Image.new("RGB", size).save(tmp_path / "p.png")
        view = preview(str(tmp_path / "p.png"), None, str(tmp_path / "f.csv"), GazeOptions)
        assert max(view["image"]["width"], view["image"]["height"]) == min(max(size), SIDE)
