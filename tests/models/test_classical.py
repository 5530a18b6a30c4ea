"""The classical baselines against closed forms and against each other's implementation."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from saliency.errors import PictureShapeError, UnknownModelError
from saliency.models import classical
from saliency.models.classical import BASELINES


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
        found = classical.predict(name, np.random.default_rng(1).integers(0, 256, (*size, 3), dtype=np.uint8))
        assert found.shape == size
        assert found.dtype == np.float32
        assert np.isfinite(found).all()
        assert 0 <= found.min() < found.max() <= 1

    def test_is_finite_on_almost_nothing(self, name: str) -> None:
        picture = np.full((40, 50, 3), 128, np.uint8)
        picture[20, 25] = 129
        assert np.isfinite(classical.predict(name, picture)).all()

    def test_leaves_the_picture_alone_and_repeats(self, name: str) -> None:
        picture = scene()
        before = picture.copy()
        first = classical.predict(name, picture)
        np.testing.assert_array_equal(picture, before)
        np.testing.assert_array_equal(classical.predict(name, picture), first)

    def test_takes_views(self, name: str) -> None:
        mirrored = scene()[:, ::-1]
        np.testing.assert_array_equal(classical.predict(name, mirrored), classical.predict(name, mirrored.copy()))

    @pytest.mark.parametrize(
        "wrong",
        [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((5, 5, 3)), np.zeros((0, 5, 3), np.uint8)],
    )
    def test_refuses_what_is_no_picture(self, name: str, wrong: np.ndarray) -> None:
        with pytest.raises(PictureShapeError):
            classical.predict(name, wrong)


@pytest.mark.parametrize("name", ["spectral_residual", "fine_grained"])
@pytest.mark.parametrize("colour", [0, 77, 255])
def test_one_colour_has_nothing_to_see(name: str, colour: int) -> None:
    assert not classical.predict(name, np.full((50, 60, 3), colour, np.uint8)).any()


@pytest.mark.parametrize("name", ["spectral_residual", "fine_grained"])
def test_an_odd_square_stands_out(name: str) -> None:
    found = classical.predict(name, scene())
    around = np.ones(found.shape, bool)
    around[20:60, 90:130] = False
    assert found[26:54, 96:124].mean() > 3 * found[around].mean()


def test_spectral_residual_in_numpy_is_opencv_s() -> None:
    generator = np.random.default_rng(2)
    # With noise: stripes alone have empty frequencies, whose logarithm is rounding error. Not closer than this, because
    # OpenCV takes the phase from an arc tangent that is right to a fraction of a degree.
    noisy = scene() + generator.integers(0, 5, (120, 160, 3), dtype=np.uint8)
    for picture in (noisy, generator.integers(0, 256, (90, 140, 3), dtype=np.uint8)):
        np.testing.assert_allclose(
            classical.spectral_residual_numpy(picture), classical.spectral_residual(picture), atol=5e-3
        )


def test_without_opencv_s_saliency_module(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cv2, "saliency")
    picture = scene()
    expected = classical.spectral_residual_numpy(picture)
    np.testing.assert_allclose(classical.predict("spectral_residual", picture), np.clip(expected, 0, 1), atol=1e-6)
    with pytest.raises(UnknownModelError, match="contrib"):
        classical.predict("fine_grained", picture)


def test_centre_prior_is_the_gaussian() -> None:
    found = classical.predict("centre_prior", np.zeros((41, 81, 3), np.uint8))
    assert found[20, 40] == 1
    np.testing.assert_allclose(found, found[::-1, ::-1], rtol=1e-6)
    # One standard deviation, a quarter of the width, off the centre.
    assert np.interp(40 + 81 / 4, np.arange(81), found[20]) == pytest.approx(np.exp(-0.5), abs=1e-3)
    assert np.interp(20 + 41 / 4, np.arange(41), found[:, 40]) == pytest.approx(np.exp(-0.5), abs=1e-3)


def test_unknown_names_list_the_known() -> None:
    with pytest.raises(UnknownModelError, match="centre_prior, spectral_residual, fine_grained"):
        classical.predict("itti", scene())
