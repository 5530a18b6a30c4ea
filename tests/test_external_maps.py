"""Maps that another program wrote: found by name, read in every format, scored as our own."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy.io import savemat

from saliency.analysis import METRICS, ErrorAnalysis
from saliency.conditions import Condition
from saliency.data import Sample
from saliency.data.layouts import open_data_set
from saliency.errors import DatasetError
from saliency.evaluation import predict_samples
from saliency.external_maps import ExternalMaps, external_maps
from saliency.gaze import GazeOptions
from saliency.metrics import FixationEvaluator
from saliency.predictor import Predictor
from tests.samples import HEIGHT, WIDTH, write_data_set

STEMS = ("000000000001_0", "000000000002_0", "000000000003_0")


@pytest.fixture
def data(tmp_path):
    """Three pictures, one sample each."""
    return open_data_set(write_data_set(tmp_path / "gaze", sentences={"_0": ""}))


@pytest.fixture
def folder(tmp_path) -> Path:
    path = tmp_path / "maps"
    path.mkdir()
    return path


def blob(row: float = 30, column: float = 45, sigma: float = 5, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * sigma**2))


def fill(folder: Path, stems=STEMS) -> None:
    for number, stem in enumerate(stems):
        (folder / stem).parent.mkdir(parents=True, exist_ok=True)
        np.save(folder / f"{stem}.npy", blob(20 + number))


def scores(data, tmp_path, *maps: ExternalMaps) -> pd.DataFrame:
    study = ErrorAnalysis(None, data, tmp_path / "cache", maps=maps)
    list(study.run())
    return study.table()


def test_maps_are_scored_by_the_same_metrics_in_full_precision(data, folder, tmp_path):
    fill(folder)
    got = scores(data, tmp_path, ExternalMaps("other", folder, data.samples))
    evaluator = FixationEvaluator()
    for number, sample in enumerate(data.samples):
        truth = sample.density(), sample.fixations()
        evaluator.add(sample.stem, sample.picture, sample.condition, blob(20 + number), *truth)
    expected = evaluator.rows()
    assert list(got["stem"]) == list(expected["id"])
    np.testing.assert_allclose(got[list(METRICS)], expected[list(METRICS)], rtol=1e-9)
    # Far from a narrow blob float32 is zero everywhere, and fixations there would tie.
    assert (blob(sigma=2).astype(np.float32) == 0).mean() > 0.5
    np.save(folder / f"{STEMS[0]}.npy", blob(sigma=2))
    narrow = scores(data, tmp_path, ExternalMaps("other", folder, data.samples))
    points = data.samples[0].fixations()
    values = -((points - [30, 45]) ** 2).sum(axis=1)
    everywhere = -((np.argwhere(np.ones((HEIGHT, WIDTH))) - [30, 45]) ** 2).sum(axis=1)
    above = [(value > everywhere).mean() + (value == everywhere).mean() / 2 for value in values]
    assert narrow["AUC"][0] == pytest.approx(np.mean(above), abs=1e-12)


def write_as(path: Path, values: np.ndarray) -> None:
    """The file of any extension that has these values in [0, 1]."""
    eight = np.round(values * 255).astype(np.uint8)
    match path.suffix:
        case ".npy":
            np.save(path, values)
        case ".npz":
            np.savez(path, saliency=values)
        case ".mat":
            savemat(path, {"salmap": values})
        case ".tif" | ".tiff":
            Image.fromarray(np.round(values * 65535).astype(np.uint16)).save(path)
        case ".jpg":
            Image.fromarray(eight).save(path, quality=98)
        case _:
            Image.fromarray(eight).save(path)


@pytest.mark.parametrize("ending", ["", "_salmap", "_pred"])
@pytest.mark.parametrize("extension", [".npy", ".npz", ".mat", ".tif", ".png", ".jpg"])
def test_every_format_gives_the_map(data, folder, extension, ending):
    truth = blob(25, 30, 12)
    write_as(folder / f"{STEMS[0]}{ending}{extension}", truth)
    prediction = ExternalMaps("other", folder, data.samples).prediction(data.samples[0])
    assert prediction.density.shape == (HEIGHT, WIDTH)
    assert prediction.density.sum() == pytest.approx(1)
    precision = {".png": 2e-3, ".jpg": 2e-2, ".tif": 1e-5}.get(extension, 1e-12)
    np.testing.assert_allclose(prediction.density / prediction.density.max(), truth, atol=precision)
    coarse = [notice for notice in prediction.notices if "256 different values" in notice]
    assert bool(coarse) == (extension in (".png", ".jpg"))


def test_a_map_of_another_size_is_resized_bilinearly(data, folder):
    small = np.random.default_rng(0).random((30, 45))
    np.save(folder / f"{STEMS[0]}.npy", small)
    prediction = ExternalMaps("other", folder, data.samples).prediction(data.samples[0])
    expected = cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
    np.testing.assert_allclose(prediction.density, expected / expected.sum(), rtol=1e-5)


def test_logarithms_give_their_exponential(data, folder):
    truth = blob(sigma=20)
    np.save(folder / f"{STEMS[0]}.npy", np.log(truth / truth.sum()))
    prediction = ExternalMaps("other", folder, data.samples, GazeOptions(log=True)).prediction(data.samples[0])
    np.testing.assert_allclose(prediction.density, truth / truth.sum(), rtol=1e-6)
    with_log, without = (ExternalMaps("other", folder, data.samples, GazeOptions(log=log)) for log in (True, False))
    assert with_log.identity != without.identity


def test_maps_in_subfolders_belong_to_samples_in_subfolders(tmp_path, folder):
    def sample(stem: str) -> Sample:
        return Sample(stem, stem, Condition.PURE, "", Path("none"), None, None)

    samples = [sample("Action/001"), sample("Art/001"), sample("Art/002")]
    fill(folder, ["Action/001", "deep/Art/001_salmap", "002"])
    maps = ExternalMaps("other", folder, samples)
    assert {stem: path.relative_to(folder).as_posix() for stem, path in maps.paths.items()} == {
        "Action/001": "Action/001.npy",
        "Art/001": "deep/Art/001_salmap.npy",
        "Art/002": "002.npy",
    }
    assert maps.notices == ()
    # Of which folder a map is, only its place says where two samples have the name.
    (folder / "Action" / "001.npy").rename(folder / "001.npy")
    [notice] = ExternalMaps("other", folder, samples).notices
    assert notice == "1 of 3 samples have no map by other; the first is “Action/001”."


def test_files_of_the_system_are_passed_over(data, folder):
    fill(folder)
    for name in (f"._{STEMS[0]}.png", ".DS_Store", "Thumbs.db", f"__MACOSX/{STEMS[0]}.npy", f"{STEMS[0]}.txt"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    assert ExternalMaps("other", folder, data.samples).notices == ()


def test_of_several_files_the_array_is_read_and_that_is_reported(data, folder):
    fill(folder)
    write_as(folder / f"{STEMS[0]}.png", blob(5, 5))
    maps = ExternalMaps("other", folder, data.samples)
    assert maps.notices == (
        f"Samples with several maps by other: 1; for example, “{STEMS[0]}.npy” is read, “{STEMS[0]}.png” is not.",
    )
    assert np.argmax(maps.prediction(data.samples[0]).density) == np.argmax(blob(20))


def test_maps_of_one_sample_in_two_folders_are_refused(data, folder):
    fill(folder, [f"deepgaze/{STEMS[0]}", f"unisal/{STEMS[0]}"])
    with pytest.raises(DatasetError, match="two folders of “maps”, “deepgaze” and “unisal”"):
        ExternalMaps("other", folder, data.samples)


def test_coverage_is_reported_before_anything_is_scored(data, folder, tmp_path):
    fill(folder, STEMS[:1])
    maps = ExternalMaps("DeepGaze", folder, data.samples)
    assert maps.notices == (f"2 of 3 samples have no map by DeepGaze; the first is “{STEMS[1]}”.",)
    study = ErrorAnalysis(None, data, tmp_path / "cache", maps=[maps])
    list(study.run())
    assert list(study.table()["stem"]) == [STEMS[0]]
    assert [entry.stem for entry in study.left_out()] == list(STEMS[1:])
    assert "no map of this sample in “maps”" in study.left_out()[0].why
    assert study.notices() == maps.notices


def test_no_map_at_all_is_refused_with_both_names(data, folder):
    fill(folder, ["img_1", "img_2"])
    with pytest.raises(DatasetError, match=f"first sample is “{STEMS[0]}”; the first maps are: img_1.npy, img_2.npy"):
        ExternalMaps("other", folder, data.samples)
    with pytest.raises(DatasetError, match="no folder “missing”"):
        ExternalMaps("other", folder / "missing", data.samples)


def test_what_is_wrong_with_a_map_leaves_out_its_sample(data, folder, tmp_path):
    fill(folder)
    np.save(folder / f"{STEMS[0]}.npy", np.ones((50, 50)))
    (folder / f"{STEMS[1]}.npy").write_bytes(b"\x93NUMPY cut")
    study = ErrorAnalysis(None, data, tmp_path / "cache", maps=[ExternalMaps("other", folder, data.samples)])
    list(study.run())
    square, cut = study.left_out()
    assert "000000000001_0.npy” cannot be used" in square.why
    assert "50 x 50, the picture 90 x 60" in square.why
    assert "000000000002_0.npy” cannot be used" in cut.why
    assert str(tmp_path) not in square.why + cut.why
    assert list(study.table()["stem"]) == [STEMS[2]]


def test_maps_of_pictures_serve_for_all_their_sentences_only_where_no_sentence_has_its_own(tmp_path, folder):
    data = open_data_set(write_data_set(tmp_path / "gaze"))
    pictures = sorted({sample.picture for sample in data.samples})
    fill(folder, pictures)
    maps = ExternalMaps("blind", folder, data.samples)
    assert maps.notices == ("blind has one map per picture, which serves for all of its sentences.",)
    assert [maps.prediction(sample).values.argmax() for sample in data.samples[:4]] == [blob(20).argmax()] * 4
    # A map of its own says that the others, too, should have theirs.
    fill(folder, [f"{pictures[0]}_3"])
    maps = ExternalMaps("reads", folder, data.samples)
    assert maps.notices == ("11 of 12 samples have no map by reads; the first is “000000000001_0”.",)


def test_changed_maps_are_scored_anew(data, folder, tmp_path):
    fill(folder)
    first = scores(data, tmp_path, ExternalMaps("other", folder, data.samples))
    np.save(folder / f"{STEMS[0]}.npy", np.tile(np.arange(1.0, WIDTH + 1), (HEIGHT, 1))[:, ::-1].copy() ** 2)
    second = ErrorAnalysis(None, data, tmp_path / "cache", maps=[ExternalMaps("other", folder, data.samples)])
    assert second.table().empty
    list(second.run())
    assert second.table()["CC"][0] != first["CC"][0]
    assert second.table()["CC"][1] == first["CC"][1]


def test_models_and_maps_stand_in_one_table(miniatures, data, folder, tmp_path):
    predictor = Predictor(["reader"], checkpoint_dir=miniatures, precision="float32")
    for sample, prediction in predict_samples(predictor, data.samples, "reader"):
        np.save(folder / f"{sample.stem}.npy", prediction.density)
    study = ErrorAnalysis(predictor, data, tmp_path / "cache", maps=[ExternalMaps("copy", folder, data.samples)])
    list(study.run())
    table = study.table().set_index(["model", "stem"])[list(METRICS)]
    assert list(study.titles.items()) == [("reader", "Reader"), ("copy", "copy")]
    np.testing.assert_allclose(table.loc["copy"], table.loc["reader"], rtol=1e-6)
    comparison, missing = study.answers(data.samples[0])
    assert [prediction.title for prediction in comparison.predictions] == ["Reader", "copy"]
    np.testing.assert_allclose(comparison.predictions[0].map, comparison.predictions[1].map, atol=1e-5)
    assert missing == ()
    with pytest.raises(DatasetError, match="Two models are called “reader”"):
        ErrorAnalysis(predictor, data, maps=[ExternalMaps("reader", folder, data.samples)])


def test_a_host_names_several_folders(data, folder, tmp_path):
    fill(folder)
    other = tmp_path / "a:b"
    other.mkdir()
    fill(other)
    maps = external_maps(f"DeepGaze: {folder}; UNISAL:{other};", data.samples)
    assert [source.name for source in maps] == ["DeepGaze", "UNISAL"]
    assert maps[1].prediction(data.samples[0]).model == "UNISAL"
    assert external_maps("", data.samples) == ()
    for text in ("maps", ":maps", "name:"):
        with pytest.raises(DatasetError, match=f"not “{text}”"):
            external_maps(text, data.samples)
