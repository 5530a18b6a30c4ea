"""Folders of images, maps and fixations."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.conditions import Condition
from saliency.data.folder import FolderDataset
from saliency.errors import DatasetError


def write(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def root(tmp_path) -> Path:
    """Two pictures of 6 x 4; the second has no map and its fixations are absent too."""
    picture = np.arange(72, dtype=np.uint8).reshape(4, 6, 3)
    write(tmp_path / "images" / "b.PNG", picture)
    write(tmp_path / "images" / "a.bmp", picture)
    write(tmp_path / "maps" / "a.jpeg", np.full((4, 6), 51, dtype=np.uint8))
    fixations = np.zeros((4, 6), dtype=np.uint8)
    fixations[3, 1] = fixations[0, 5] = 255
    write(tmp_path / "fixations" / "a.png", fixations)
    (tmp_path / "images" / "notes.txt").write_text("not a picture")
    return tmp_path


def test_files_of_one_name_make_a_sample(root):
    samples = FolderDataset(root)
    assert [sample.stem for sample in samples] == ["a", "b"]
    first = samples[0]
    assert (first.picture, first.condition, first.sentence) == ("a", Condition.PURE, "")
    np.testing.assert_array_equal(first.image(), np.arange(72).reshape(4, 6, 3))
    np.testing.assert_allclose(first.density(), np.full((4, 6), 0.2))
    assert first.fixations().tolist() == [[0, 5], [3, 1]]


def test_maps_and_fixations_may_be_missing(root):
    sample = FolderDataset(root)[1]
    assert sample.density() is None
    assert sample.fixations() is None


def test_a_smaller_map_is_brought_to_the_size_of_its_picture(root):
    write(root / "maps" / "b.png", np.array([[0, 0, 255], [0, 0, 255]], dtype=np.uint8))
    density = FolderDataset(root)[1].density()
    assert density.shape == (4, 6)
    # Bilinear on pixel centres: the new columns lie at -1/4, 1/4, 3/4, 5/4, 7/4 and 9/4 of the old.
    np.testing.assert_allclose(density, np.tile([0, 0, 0, 0.25, 0.75, 1], (4, 1)), atol=1e-6)


RAMP = np.linspace(0, 1, 24).reshape(4, 6)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("b.png", np.round(RAMP * 255).astype(np.uint8)),
        ("b.png", np.round(RAMP * 65535).astype(np.uint16)),
        ("b.tif", RAMP.astype(np.float32)),
        ("b.tif", (RAMP * 255).astype(np.float32)),
        ("b.png", np.repeat(np.round(RAMP * 255).astype(np.uint8)[..., None], 3, axis=2)),
    ],
    ids=["8 bits", "16 bits", "floats", "floats to 255", "grey in colours"],
)
def test_maps_and_fixations_have_the_values_of_their_bits(root, name, values):
    write(root / "maps" / name, values)
    write(root / "fixations" / name, np.where(values < values.max(), 0, values).astype(values.dtype))
    sample = FolderDataset(root)[1]
    np.testing.assert_allclose(sample.density(), RAMP, atol=0.5 / 255)
    assert sample.fixations().tolist() == [[3, 5]]


def test_pictures_are_upright_as_the_predictor_sees_them(root):
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = Image.fromarray(np.arange(72, dtype=np.uint8).reshape(4, 6, 3))
    lying.save(root / "images" / "c.png", exif=exif)
    write(root / "maps" / "c.png", np.arange(24, dtype=np.uint8).reshape(6, 4))
    sample = FolderDataset(root)[2]
    assert sample.shape() == (6, 4)
    np.testing.assert_array_equal(sample.image(), np.rot90(np.asarray(lying), -1))
    np.testing.assert_array_equal(sample.density() * 255, np.arange(24).reshape(6, 4))


def test_a_map_that_is_no_usable_picture_is_named(root, monkeypatch):
    sample = FolderDataset(root)[0]
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(DatasetError, match=r"“a\.bmp”"):
        sample.shape()
    monkeypatch.undo()
    assert sample.shape() == (4, 6)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    with pytest.raises(DatasetError, match=r"“a\.jpeg” of the data set cannot be read as a picture.*far more pixels"):
        sample.density()
    monkeypatch.undo()
    write(root / "maps" / "b.tif", np.full((4, 6), np.nan, dtype=np.float32))
    with pytest.raises(DatasetError, match=r"“b\.tif”.*not numbers"):
        FolderDataset(root)[1].density()


@pytest.mark.parametrize(
    ("prepare", "sentence"),
    [
        (lambda root: None, "there is no folder “images”"),
        (lambda root: (root / "images").mkdir(), "no picture in the folder “images”"),
    ],
)
def test_a_folder_of_another_layout_is_refused(tmp_path, prepare, sentence):
    prepare(tmp_path)
    with pytest.raises(DatasetError, match=sentence):
        FolderDataset(tmp_path)


@pytest.mark.parametrize("folder", ["images", "maps"])
def test_two_files_of_one_name_are_refused(root, folder):
    write(root / folder / "a.webp", np.zeros((4, 6, 3), dtype=np.uint8))
    with pytest.raises(DatasetError, match=f"Two files in “{folder}” are called “a”"):
        FolderDataset(root)


def test_two_tables_of_one_name_are_refused_but_a_picture_goes_before_one(root):
    (root / "fixations" / "a.csv").write_text("x,y\n0,0")
    assert FolderDataset(root)[0].fixation_path == root / "fixations" / "a.png"
    for extension in ("csv", "txt"):
        (root / "fixations" / f"b.{extension}").write_text("x,y\n0,0")
    with pytest.raises(DatasetError, match="Two files in “fixations” are called “b”"):
        FolderDataset(root)


def test_what_systems_add_is_passed_over(root):
    for junk in ("images/._a.bmp", "images/.DS_Store", "images/Thumbs.db", "maps/._a.png", "images/__MACOSX/a.bmp"):
        (root / junk).parent.mkdir(exist_ok=True)
        (root / junk).write_bytes(b"\0\5\x16\7")
    samples = FolderDataset(root)
    assert [sample.stem for sample in samples] == ["a", "b"]
    assert samples[0].map_path == root / "maps" / "a.jpeg"
    assert samples.unmatched == ()


def test_folders_of_pictures_name_their_samples(root):
    picture = np.zeros((4, 6, 3), dtype=np.uint8)
    for folder in ("Action", "Art"):
        write(root / "images" / folder / "001.jpg", picture)
        write(root / "maps" / folder / "001.png", np.full((4, 6), 51, dtype=np.uint8))
    samples = {sample.stem: sample for sample in FolderDataset(root)}
    assert list(samples) == ["Action/001", "Art/001", "a", "b"]
    assert samples["Art/001"].map_path == root / "maps" / "Art" / "001.png"


@pytest.mark.parametrize("images", ["images", "Images", "stimuli", "Stimuli", "ALLSTIMULI", "pictures"])
@pytest.mark.parametrize("maps", ["Maps", "saliency_maps", "FIXATIONMAPS", "Saliency Maps"])
def test_folders_are_found_by_the_names_of_the_field(tmp_path, images, maps):
    write(tmp_path / images / "p0.jpg", np.zeros((4, 6, 3), dtype=np.uint8))
    write(tmp_path / maps / "p0.png", np.full((4, 6), 51, dtype=np.uint8))
    np.save(tmp_path / "p0.npy", np.zeros(3))  # beside the folders: of nobody
    (sample,) = FolderDataset(tmp_path)
    assert sample.map_path == tmp_path / maps / "p0.png"
    assert sample.fixation_path is None


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("maps/p0_fixMap.png", "map"),
        ("maps/p0_SaliencyMap.png", "map"),
        ("maps/p0_fixPts.png", "fixations"),
        ("maps/p0.csv", "fixations"),
        ("fixations/p0_fixMap.png", "fixations"),
        ("fixations/p0_fixations.mat", "fixations"),
        ("fixation_locs/p0.mat", "fixations"),
        ("images/p0.mat", "fixations"),
        ("images/p0.csv", "fixations"),
        ("images/p0.txt", None),  # a caption
        ("maps/p0_other.png", None),
    ],
)
def test_files_are_found_by_the_endings_of_the_field(tmp_path, file, kind):
    write(tmp_path / "images" / "p0.jpg", np.zeros((4, 6, 3), dtype=np.uint8))
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    (sample,) = FolderDataset(tmp_path)
    found = {"map": sample.map_path, "fixations": sample.fixation_path}
    assert found == {name: tmp_path / file if name == kind else None for name in found}


def test_a_file_of_the_very_name_is_of_that_picture_alone(tmp_path):
    for name in ("world", "world_map"):
        write(tmp_path / "images" / f"{name}.jpg", np.zeros((4, 6, 3), dtype=np.uint8))
    write(tmp_path / "maps" / "world_map.png", np.full((4, 6), 51, dtype=np.uint8))
    world, world_map = FolderDataset(tmp_path)
    assert (world.map_path, world_map.map_path) == (None, tmp_path / "maps" / "world_map.png")


def test_the_free_viewing_set(data_sets):
    samples = FolderDataset(data_sets / "freeview")
    assert len(samples) == 1892
    assert [s.stem for s in samples if s.fixation_path is None] == [s.stem for s in samples if s.stem[:4] == "emod"]
    osie = next(sample for sample in samples if sample.stem == "osie_1001")
    assert osie.density().shape == osie.image().shape[:2] == (294, 392)
    # People look where the map says so: its mean at the fixations is far above its mean.
    rows, columns = osie.fixations().T
    assert osie.density()[rows, columns].mean() > 2 * osie.density().mean()
