"""The baselines without weights against closed forms, each other's implementation, and through the engine."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

import cv2
import numpy as np
import pytest

from saliency import checkpoints
from saliency.archive import write_archive
from saliency.archive.recorded import read_recorded, replay
from saliency.errors import CheckpointError, PictureShapeError, RecipeError, UnknownModelError
from saliency.models import registry
from saliency.models.baseline import Baseline
from saliency.models.spectral_residual.model import spectral_residual
from saliency.predictor import Predictor
from saliency.training.recipe import parse_recipe
from saliency.training.training_run import build_method

BASELINES = ["centre_prior", "spectral_residual", "fine_grained"]


def predict(name: str, picture: np.ndarray) -> np.ndarray:
    model = registry.create(name)
    assert isinstance(model, Baseline)
    return model.predict(picture)


def scene(height: int = 120, width: int = 160) -> np.ndarray:
    """Regular vertical stripes with a bright square at rows 30-50, columns 100-120."""
    stripes = 100 + 20 * np.sin(2 * np.pi * np.arange(width) / 10)
    picture = np.broadcast_to(stripes[None, :, None], (height, width, 3)).astype(np.uint8)
    picture[30:50, 100:120] = (250, 240, 230)
    return picture


@pytest.mark.parametrize("name", BASELINES)
class TestEveryBaseline:
    @pytest.mark.parametrize("size", [(120, 160), (97, 61), (16, 300)])
    def test_shape_type_range(self, name: str, size: tuple[int, int]) -> None:
        found = predict(name, np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8))
        assert found.shape == size
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert 0 <= found.min() < found.max() <= 1

    def test_is_finite_on_almost_nothing(self, name: str) -> None:
        picture = np.full((40, 50, 3), 128, np.uint8)
        picture[20, 25] = 129
        assert np.isfinite(predict(name, picture)).all()

    def test_leaves_the_picture_alone_and_repeats(self, name: str) -> None:
        picture = scene()
        before = picture.copy()
        first = predict(name, picture)
        np.testing.assert_array_equal(picture, before)
        np.testing.assert_array_equal(predict(name, picture), first)

    def test_takes_views(self, name: str) -> None:
        mirrored = scene()[:, ::-1]
        np.testing.assert_array_equal(predict(name, mirrored), predict(name, mirrored.copy()))

    @pytest.mark.parametrize(
        "wrong",
        [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8)],
    )
    def test_refuses_what_is_no_picture(self, name: str, wrong: np.ndarray) -> None:
        with pytest.raises(PictureShapeError):
            predict(name, wrong)


@pytest.mark.parametrize("name", ["spectral_residual", "fine_grained"])
@pytest.mark.parametrize("colour", [0, 77, 255])
def test_one_colour_has_nothing_to_see(name: str, colour: int) -> None:
    assert not predict(name, np.full((50, 60, 3), colour, np.uint8)).any()


@pytest.mark.parametrize("name", ["spectral_residual", "fine_grained"])
def test_an_odd_square_stands_out(name: str) -> None:
    found = predict(name, scene())
    around = np.ones(found.shape, bool)
    around[20:60, 90:130] = False
    assert found[26:54, 96:124].mean() > 3 * found[around].mean()


def test_spectral_residual_in_numpy_is_opencv_s() -> None:
    generator = np.random.default_rng(2)
    # With noise: stripes alone have empty frequencies, whose logarithm is rounding error. Not closer than this, because
    # OpenCV takes the phase from an arc tangent that is right to a fraction of a degree.
    noisy = scene() + generator.integers(0, 5, (120, 160, 3), dtype=np.uint8)
    for picture in (noisy, generator.integers(0, 256, (90, 140, 3), dtype=np.uint8)):
        np.testing.assert_allclose(spectral_residual(picture), predict("spectral_residual", picture), atol=5e-3)


def test_without_opencv_s_saliency_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "saliency")
    picture = scene()
    expected = spectral_residual(picture)
    np.testing.assert_allclose(predict("spectral_residual", picture), np.clip(expected, 0, 1), atol=1e-6)
    with pytest.raises(UnknownModelError, match="contrib"):
        predict("fine_grained", picture)


def test_centre_prior_is_the_gaussian() -> None:
    found = predict("centre_prior", np.zeros((41, 81, 3), np.uint8))
    assert found[20, 40] == 1
    np.testing.assert_allclose(found, found[::-1, ::-1], rtol=1e-6)
    # One standard deviation, a quarter of the width, off the centre.
    assert np.interp(40 + 81 / 4, np.arange(81), found[20]) == pytest.approx(np.exp(-0.5), abs=1e-3)
    assert np.interp(20 + 41 / 4, np.arange(41), found[:, 40]) == pytest.approx(np.exp(-0.5), abs=1e-3)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("size", [(97, 61), (120, 160)])
def test_the_engine_answers_with_the_map_of_the_picture(name: str, size: tuple[int, int]) -> None:
    """At the picture's own size, with no value rounded on the way, whatever the sentence and the precision."""
    picture = np.random.default_rng(3).integers(0, 256, (*size, 3), dtype=np.uint8)
    predictor = Predictor([name], precision="bfloat16")
    comparison = predictor.predict(picture, {"pure": "", "salient": "A dog."})
    for prediction in comparison.predictions:
        np.testing.assert_array_equal(prediction.working_map, predict(name, picture))
        assert prediction.density.sum() == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("colour", [0, 255])
def test_the_engine_is_finite_on_one_colour(name: str, colour: int) -> None:
    (prediction,) = Predictor([name]).predict(np.full((50, 60, 3), colour, np.uint8)).predictions
    assert np.isfinite(prediction.map).all()
    assert np.isfinite(prediction.density).all()
    assert all(np.isfinite(value) for value in prediction.summary.values())
    if name != "centre_prior":
        np.testing.assert_allclose(prediction.density, 1 / 3000, rtol=1e-5)


def test_large_pictures_are_reduced() -> None:
    (prediction,) = Predictor(["centre_prior"]).predict(np.zeros((500, 2048, 3), np.uint8)).predictions
    assert prediction.working_map.shape == (250, 1024)
    assert prediction.density.shape == (500, 2048)


def test_no_weights_are_found_whatever_the_directory(tmp_path: Path) -> None:
    predictor = Predictor(BASELINES, checkpoint_dir=tmp_path)
    assert predictor.models == tuple(BASELINES)
    assert [card.name for card in checkpoints.baselines()] == BASELINES
    for name in BASELINES:
        card, footprint = predictor.cards[name], predictor.footprints[name]
        assert (card.sha256, card.dtype, card.parameters, footprint.file, footprint.memory) == (None, None, 0, 0, 0)
        assert (card.preset, card.config, card.preprocessing) == ("compact", {}, registry.preset(name).preprocessing)
        assert card.licence == registry.spec(name).licence.en
        assert card.limits == tuple(limit.en for limit in registry.spec(name).limits)


def test_checkpoints_are_what_a_predictor_takes_by_itself() -> None:
    """Baselines are used where they are named: they cost time, and answer nothing about a sentence."""
    assert not {card.name for card in checkpoints.available()} & set(BASELINES)
    assert set(BASELINES) < set(registry.list_models())


@pytest.mark.parametrize(("name", "sha256"), [("gsgnet", None), ("centre_prior", "0" * 64)])
def test_weights_and_their_sha256_come_together(tmp_path: Path, name: str, sha256: str | None) -> None:
    """A card cannot talk the engine out of checking weights."""
    card = json.loads((checkpoints.SHIPPED / f"{name}.json").read_text(encoding="utf-8")) | {"sha256": sha256}
    path = tmp_path / f"{name}.json"
    path.write_text(json.dumps(card), encoding="utf-8")
    with pytest.raises(CheckpointError, match="sha256"):
        checkpoints.load(path)


def test_a_recorded_comparison_is_the_same_again(tmp_path: Path) -> None:
    predictor = Predictor(BASELINES)
    path = tmp_path / "comparison.zip"
    write_archive(predictor.predict(scene()), path, cards=predictor.cards)
    recorded = read_recorded(path)
    assert set(recorded.weights.values()) == {None}
    results, _ = replay(recorded, predictor)
    assert [result.difference for result in results] == [0, 0, 0]
    text = ZipFile(path).read("README.txt").decode()
    assert "Hou, Zhang" in text
    assert "Its weights come from" not in text


def test_nothing_is_trained() -> None:
    recipe = {"name": "prior", "model": "centre_prior", "validation": {"reader": "sjtu_tis", "root": "nowhere"}}
    with pytest.raises(RecipeError, match="nothing to learn"):
        build_method(parse_recipe(recipe))
