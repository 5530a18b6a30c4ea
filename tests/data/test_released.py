"""The layouts of released data sets, as miniature trees of the same structure; the same four fixations in each."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from PIL import Image

from saliency.data.layouts import LAYOUTS, open_data_set
from saliency.errors import DatasetError
from saliency.metrics import evaluate_fixation

HEIGHT, WIDTH = 48, 64
POINTS = np.array([[24, 32], [20, 30], [10, 12], [40, 50]])  # row, column


def write(path: Path, values: np.ndarray | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8) if values is None else values
    Image.fromarray(pixels).save(path, **({"quality": 95} if path.suffix in (".jpg", ".jpeg") else {}))


def save(path: Path, **variables) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    scipy.io.savemat(path, variables)


def fixation_map() -> np.ndarray:
    values = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    values[tuple(POINTS.T)] = 255
    return values


def density_map() -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    return (255 * np.exp(-((rows - 24) ** 2 + (columns - 32) ** 2) / 200)).astype(np.uint8)


def salicon(root: Path) -> None:
    for split, numbers in (("train", (1, 2)), ("val", (3,)), ("test", (4,))):
        for number in numbers:
            name = f"COCO_{split}2014_{number:012d}"
            write(root / "images" / split / f"{name}.jpg")
            if split == "test":
                continue
            write(root / "maps" / split / f"{name}.png", density_map())
            gaze = np.empty((2, 1), dtype=object)
            for person, points in enumerate((POINTS[:3], POINTS[3:])):
                one_based = points[:, ::-1] + 1
                # The pointer's way has many more positions than it has fixations.
                way = {"location": np.ones((40, 2)), "timestamp": np.arange(40.0)[:, None]}
                gaze[person, 0] = way | {"fixations": one_based}
            image, size = f"{name}.jpg", [[HEIGHT, WIDTH]]
            save(root / "fixations" / split / f"{name}.mat", image=image, resolution=size, gaze=gaze)


def mit1003(root: Path) -> None:
    for name in ("i05june05_static_street_boston_p1010764", "istatic_boston_outdoor"):
        write(root / "ALLSTIMULI" / f"{name}.jpeg")
        write(root / "ALLFIXATIONMAPS" / f"{name}_fixMap.jpg", density_map())
        write(root / "ALLFIXATIONMAPS" / f"{name}_fixPts.jpg", fixation_map())
    (root / "ALLSTIMULI" / ".DS_Store").write_bytes(b"\0\0\0\1Bud1")
    (root / "ALLSTIMULI" / "._istatic_boston_outdoor.jpeg").write_bytes(b"\0\5\x16\7")


def cat2000(root: Path) -> None:
    for category in ("Action", "Art"):
        for number in ("001", "002"):
            for folder, extension in (("Stimuli", "jpg"), ("FIXATIONMAPS", "jpg")):
                values = None if folder == "Stimuli" else density_map()
                write(root / "trainSet" / folder / category / f"{number}.{extension}", values)
                write(root / "trainSet" / folder / category / "Output" / f"{number}_SaliencyMap.jpg", values)
            path = root / "trainSet" / "FIXATIONLOCS" / category / f"{number}.mat"
            save(path, fixLocs=(fixation_map() > 0).astype(np.uint8))
        write(root / "testSet" / "Stimuli" / category / "003.jpg")


def osie(root: Path) -> None:
    cells = np.empty((2, 1), dtype=object)
    for number, points in enumerate((POINTS, POINTS[:1])):
        write(root / "data" / "stimuli" / f"{1001 + number}.jpg")
        people = np.empty((2, 1), dtype=object)
        for person, part in enumerate((points[:1], points[1:])):
            x, y = part[:, 1:].astype(float) + 0.4, part[:, :1].astype(float) + 0.4
            people[person, 0] = {"fix_x": x, "fix_y": y, "fix_duration": np.full_like(x, 200)}
        cells[number, 0] = {"img": f"{1001 + number}.jpg", "subjects": people}
    save(root / "data" / "eye" / "fixations.mat", fixations=cells)


CASES: dict[str, tuple[Callable[[Path], None], list[str]]] = {
    "salicon": (
        salicon,
        ["COCO_train2014_000000000001", "COCO_train2014_000000000002", "COCO_val2014_000000000003"],
    ),
    "mit1003": (mit1003, ["i05june05_static_street_boston_p1010764", "istatic_boston_outdoor"]),
    "cat2000": (cat2000, ["Action/001", "Action/002", "Art/001", "Art/002"]),
    "osie": (osie, ["1001", "1002"]),
}


@pytest.fixture(params=CASES)
def layout(request, tmp_path) -> tuple[str, list[str], Path]:
    write_tree, stems = CASES[request.param]
    write_tree(tmp_path / "gaze")
    return request.param, stems, tmp_path / "gaze"


def test_the_layout_is_found_out_or_insisted_on(layout):
    name, stems, root = layout
    for data in (open_data_set(root, require_ground_truth=True), open_data_set(root, layout=name)):
        assert data.layout == name
        assert [sample.stem for sample in data.samples] == stems


def test_the_first_sample_has_the_fixations_that_were_written_and_their_score(layout):
    _, _, root = layout
    sample = open_data_set(root).samples[0]
    assert sorted(sample.fixations().tolist()) == sorted(POINTS.tolist())
    prediction = density_map().astype(float)
    expected = ((prediction - prediction.mean()) / prediction.std())[tuple(POINTS.T)].mean()
    scores = evaluate_fixation(prediction, fixations=sample.fixations(), metrics=("NSS",))
    assert scores["NSS"] == pytest.approx(expected)


def test_maps_are_read_where_the_release_has_them(layout):
    name, _, root = layout
    sample = open_data_set(root).samples[0]
    if name == "osie":
        assert sample.density() is None
        assert any("fixations only" in notice for notice in open_data_set(root).notices)
    else:
        np.testing.assert_allclose(sample.density(), density_map() / 255, atol=0.03)  # JPEG
        assert open_data_set(root).notices == ()


def test_osies_pictures_have_their_own_rows_of_the_one_file(tmp_path):
    osie(tmp_path)
    first, second = open_data_set(tmp_path).samples
    assert first.recording().participants == ("1", "2")
    assert second.fixations().tolist() == POINTS[:1].tolist()


def test_splits_of_salicon(tmp_path):
    salicon(tmp_path)
    assert [sample.stem for sample in open_data_set(tmp_path, "val").samples] == ["COCO_val2014_000000000003"]
    (test,) = open_data_set(tmp_path, "test").samples
    assert (test.map_path, test.fixation_path) == (None, None)
    with pytest.raises(DatasetError, match=r"None of 1 pictures.*no files of ground truth"):
        open_data_set(tmp_path, "test", require_ground_truth=True)
    with pytest.raises(DatasetError, match=r"no split “validation”.*train, val, test"):
        open_data_set(tmp_path, "validation")


def test_cat2000_is_its_training_set_or_the_folder_of_it(tmp_path):
    cat2000(tmp_path)
    assert [sample.stem for sample in open_data_set(tmp_path, "test").samples] == ["Action/003", "Art/003"]
    inside = open_data_set(tmp_path / "trainSet")
    assert (inside.layout, len(inside.samples)) == ("cat2000", 4)


@pytest.mark.parametrize("name", ["mit1003", "osie", "folder"])
def test_data_sets_without_splits_refuse_one(tmp_path, name):
    (CASES[name][0] if name in CASES else lambda root: write(root / "images" / "a.png"))(tmp_path)
    with pytest.raises(DatasetError, match="no splits"):
        open_data_set(tmp_path, "train")


@pytest.mark.parametrize("name", sorted(LAYOUTS))
def test_to_insist_on_a_layout_that_a_folder_has_not_is_refused(tmp_path, name):
    with pytest.raises(DatasetError):
        open_data_set(tmp_path, layout=name)
