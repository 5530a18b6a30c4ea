"""What a sample makes of its files: sizes, orientation and values, each with the score that is right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency.conditions import Condition
from saliency.data import Sample
from saliency.errors import DatasetError
from saliency.metrics import evaluate_fixation

HEIGHT, WIDTH = 48, 64
POINTS = np.array([[24, 32], [20, 30], [10, 12], [40, 50]])


def write(path: Path, pixels: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def marked(points: np.ndarray, shape: tuple[int, int], value: int = 255) -> np.ndarray:
    values = np.zeros(shape, dtype=np.uint8)
    values[tuple(np.asarray(points).T)] = value
    return values


def blob(shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    """The prediction of these tests: a Gaussian in the middle, a fifth of the sides wide."""
    rows, columns = (np.linspace(-2.5, 2.5, side) ** 2 for side in shape)
    return np.exp(-(rows[:, None] + columns[None]) / 2)


def nss(points: np.ndarray, prediction: np.ndarray) -> float:
    """By its definition: the mean at the fixations of the map in standard deviations from its mean."""
    return float(((prediction - prediction.mean()) / prediction.std())[tuple(np.asarray(points).T)].mean())


def scored(sample: Sample) -> float:
    prediction = blob(sample.shape())
    return evaluate_fixation(prediction, fixations=sample.fixations(), metrics=("NSS",))["NSS"]


@pytest.fixture
def picture(tmp_path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    return write(tmp_path / "images" / "p.png", pixels)


def sample(picture: Path, map_path: Path | None = None, fixation_path: Path | None = None) -> Sample:
    return Sample("p", "p", Condition.PURE, "", picture, map_path, fixation_path)


def templates(of: Sample) -> list[str]:
    return [notice.template for notice in of.notices()]


# --- sizes ------------------------------------------------------------------------------------------------------------


def test_fixations_of_half_the_size_are_moved_by_the_ratio_with_a_notice(picture, tmp_path):
    halves = POINTS // 2
    path = write(tmp_path / "p.png", marked(halves, (HEIGHT // 2, WIDTH // 2)))
    one = sample(picture, fixation_path=path)
    assert sorted(one.fixations().tolist()) == sorted((2 * halves).tolist())
    assert scored(one) == pytest.approx(nss(2 * halves, blob()))
    assert scored(one) > 0.5
    assert any("moved by the ratio" in template for template in templates(one))


def test_fixations_of_the_pictures_size_are_its_white_pixels_and_need_no_notice(picture, tmp_path):
    one = sample(picture, fixation_path=write(tmp_path / "p.png", marked(POINTS, (HEIGHT, WIDTH))))
    assert sorted(one.fixations().tolist()) == sorted(POINTS.tolist())
    assert one.notices() == ()


def test_fixations_of_other_proportions_are_named_with_both_sizes(picture, tmp_path):
    path = write(tmp_path / "q.png", marked(POINTS, (HEIGHT, HEIGHT + 4)))
    with pytest.raises(DatasetError, match=r"“q\.png” of sample “p” cannot be used.*52 x 48.*64 x 48"):
        sample(picture, fixation_path=path).fixations()


def test_a_map_of_other_proportions_is_never_squashed(picture, tmp_path):
    path = write(tmp_path / "q.png", np.full((HEIGHT, HEIGHT), 200, dtype=np.uint8))
    with pytest.raises(DatasetError, match=r"“q\.png” of sample “p” cannot be used.*48 x 48.*64 x 48.*proportions"):
        sample(picture, path).density()


def test_a_map_halved_with_rounding_is_brought_to_the_picture(tmp_path):
    picture = write(tmp_path / "p.png", np.zeros((321, 481, 3), dtype=np.uint8))
    one = sample(picture, write(tmp_path / "m.png", np.full((160, 240), 51, dtype=np.uint8)))
    np.testing.assert_allclose(one.density(), np.full((321, 481), 0.2), atol=1e-6)


# --- orientation ------------------------------------------------------------------------------------------------------


@pytest.fixture
def turned(tmp_path) -> Path:
    """A picture stored as 64 x 48 whose EXIF tag says that it is 48 x 64."""
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = np.arange(HEIGHT * WIDTH * 3, dtype=np.uint32).astype(np.uint8).reshape(HEIGHT, WIDTH, 3)
    return write(tmp_path / "images" / "t.png", pixels, exif=exif)


def test_a_picture_whose_gaze_is_of_the_stored_one_is_not_turned_and_named(turned, tmp_path):
    one = sample(turned, fixation_path=write(tmp_path / "f.png", marked(POINTS, (HEIGHT, WIDTH))))
    assert one.shape() == one.image().shape[:2] == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(one.image(), np.asarray(Image.open(turned)))
    assert scored(one) == pytest.approx(nss(POINTS, blob()))
    assert any("as it is stored" in template for template in templates(one))


@pytest.mark.parametrize("kind", ["map", "table", "mat"])
def test_the_same_by_a_map_a_table_and_a_matlab_file(turned, tmp_path, kind):
    if kind == "map":
        one = sample(turned, write(tmp_path / "m.png", np.full((HEIGHT, WIDTH), 9, dtype=np.uint8)))
    elif kind == "table":
        table = tmp_path / "f.csv"  # x up to 50 lies outside of 48 x 64
        table.write_text("x,y\n" + "\n".join(f"{x},{y}" for y, x in POINTS))
        one = sample(turned, fixation_path=table)
    else:
        scipy.io.savemat(tmp_path / "f.mat", {"fixLocs": marked(POINTS, (HEIGHT, WIDTH), 1)})
        one = sample(turned, fixation_path=tmp_path / "f.mat")
    assert one.shape() == one.image().shape[:2] == (HEIGHT, WIDTH)
    if one.fixation_path is not None:
        assert scored(one) == pytest.approx(nss(POINTS, blob()))


def test_a_picture_whose_gaze_is_of_the_turned_one_is_turned(turned, tmp_path):
    upright = POINTS[:, ::-1]
    one = sample(turned, fixation_path=write(tmp_path / "f.png", marked(upright, (WIDTH, HEIGHT))))
    assert one.shape() == one.image().shape[:2] == (WIDTH, HEIGHT)
    assert scored(one) == pytest.approx(nss(upright, blob((WIDTH, HEIGHT))))
    assert one.notices() == ()


def test_without_ground_truth_or_where_it_fits_neither_the_tag_decides(turned, tmp_path):
    assert sample(turned).shape() == (WIDTH, HEIGHT)
    neither = sample(turned, write(tmp_path / "m.png", np.full((50, 50), 9, dtype=np.uint8)))
    assert neither.shape() == neither.image().shape[:2] == (WIDTH, HEIGHT)
    with pytest.raises(DatasetError, match="48 x 64"):
        neither.density()


# --- values -----------------------------------------------------------------------------------------------------------


def saved(folder: Path, kind: str) -> Path:
    """`POINTS` in a file of each kind that is read as fixations."""
    counts = marked(POINTS, (HEIGHT, WIDTH), 1)
    path = folder / {"0/1": "f.png", "bool": "f.npy", "positions": "f.npy", "mat": "f.mat"}.get(kind, f"f.{kind}")
    if kind == "0/1":
        write(path, counts)
    elif kind == "bool":
        np.save(path, counts.astype(bool))
    elif kind == "positions":
        np.save(path, POINTS[:, ::-1].astype(float))
    elif kind == "mat":
        scipy.io.savemat(path, {"fixLocs": counts})
    else:
        mark = {"csv": ",", "tsv": "\t", "txt": " "}[kind]
        path.write_text("\n".join(mark.join(line) for line in [("x", "y"), *((str(x), str(y)) for y, x in POINTS)]))
    return path


@pytest.mark.parametrize("kind", ["0/1", "bool", "positions", "mat", "csv", "tsv", "txt"])
def test_fixations_of_every_kind_have_the_same_score(picture, tmp_path, kind):
    one = sample(picture, fixation_path=saved(tmp_path, kind))
    assert sorted(one.fixations().tolist()) == sorted(POINTS.tolist())
    assert scored(one) == pytest.approx(nss(POINTS, blob()))


def test_a_count_of_three_is_three_fixations(picture, tmp_path):
    values = marked(POINTS[1:], (HEIGHT, WIDTH), 1)
    values[tuple(POINTS[0])] = 3
    one = sample(picture, fixation_path=write(tmp_path / "f.png", values))
    repeated = np.repeat(POINTS, [3, 1, 1, 1], axis=0)
    assert sorted(one.fixations().tolist()) == sorted(repeated.tolist())
    assert any("numbers of fixations" in template for template in templates(one))


def test_rows_of_other_pictures_are_left_out(picture, tmp_path):
    table = tmp_path / "all.csv"
    rows = [f"p.png,{x},{y}" for y, x in POINTS] + ["q.png,1,1"]
    table.write_text("\n".join(["image,x,y", *rows]))
    one = sample(picture, fixation_path=table)
    assert one.fixations().tolist() == POINTS.tolist()
    assert one.recording().left_out == {"other_picture": 1}


@pytest.mark.parametrize("extension", ["npy", "mat"])
def test_densities_of_other_programs_are_read_in_0_to_1(picture, tmp_path, extension):
    path = tmp_path / f"m.{extension}"
    if extension == "npy":
        np.save(path, 7 * blob())
    else:
        scipy.io.savemat(path, {"density": 7 * blob()})
    np.testing.assert_allclose(sample(picture, path).density(), blob() / blob().max())


def test_fixations_given_as_a_density_are_named(picture, tmp_path):
    path = write(tmp_path / "m.png", marked(POINTS, (HEIGHT, WIDTH)))
    with pytest.raises(DatasetError, match=r"“m\.png” of sample “p” cannot be used.*look like fixations"):
        sample(picture, path).density()


def test_a_picture_that_lacks_its_last_bytes_is_read_with_a_notice(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    path = write(tmp_path / "p.jpg", pixels)
    path.write_bytes(path.read_bytes()[:-2])
    one = sample(path)
    assert one.image().shape == (HEIGHT, WIDTH, 3)
    (notice,) = one.loaded().notices
    assert "cut short" in notice
