"""Maps of frames: the predictor's own, how often they are computed, and their average over time."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

from saliency.conditions import Condition
from saliency.errors import PictureError, TextError, UnknownModelError
from saliency.predictor import Predictor
from saliency.video import Frame, video_maps
from tests.video.clips import square

FRAMES = [Frame(Fraction(number, 10), square(3 * number)) for number in range(8)]


@pytest.fixture
def predictor(miniatures):
    return Predictor(checkpoint_dir=miniatures, precision="float32", pictures_cached=0)


@pytest.mark.parametrize(("model", "sentence"), [("blind", ""), ("reader", ""), ("reader", "a dog")])
def test_each_frames_map_is_the_pictures(predictor, model, sentence):
    made = list(video_maps(predictor, FRAMES, model=model, sentence=sentence))
    assert [one.frame for one in made] == FRAMES
    assert all(one.computed for one in made)
    for one in made:
        condition = Condition.GENERAL if sentence else Condition.PURE
        alone = predictor.predict(one.frame.pixels, {condition: sentence}, models=[model]).get(model, condition)
        assert (one.prediction.map == alone.map).all()
        assert (one.prediction.density == alone.density).all()
        assert one.prediction.sentence == sentence


def test_the_map_follows_the_square(predictor):
    """The miniature's map is the picture's brightness, so its centre of mass moves as the square does."""
    made = [one.prediction.summary["centre_x"] for one in video_maps(predictor, FRAMES, model="blind")]
    steps = np.diff(made)
    assert (steps > 0.3).all()


def test_fewer_maps_than_frames(predictor):
    made = list(video_maps(predictor, FRAMES, model="blind", rate=5))
    assert [one.computed for one in made] == [True, False] * 4
    assert all(made[at].prediction is made[at - 1].prediction for at in (1, 3, 5, 7))
    irregular = [
        Frame(Fraction(seconds), square(0)) for seconds in ("0", "0.1", "0.9", "1.0", "1.1", "3.5", "3.9", "4")
    ]
    made = list(video_maps(predictor, irregular, model="blind", rate=1))
    assert [one.computed for one in made] == [True, False, False, True, False, True, False, True]


def test_smoothing_is_the_exponential_average_of_the_densities(predictor):
    """Of pictures that change at 0.3 s it is old + (new - old) (1 - exp(-time since 0.2 s / constant))."""
    times = [Fraction(number, 10) for number in (0, 1, 2, 3, 4, 6, 9)]  # of a variable rate
    frames = [Frame(at, square(0 if at < Fraction(3, 10) else 20)) for at in times]
    plain = [one.prediction.density for one in video_maps(predictor, frames, model="blind")]
    made = list(video_maps(predictor, frames, model="blind", smoothing=0.25))
    for frame, one in zip(frames, made, strict=True):
        share = 0 if frame.seconds < 0.3 else 1 - math.exp(-(float(frame.seconds) - 0.2) / 0.25)
        expected = plain[0] + share * (plain[-1] - plain[0])
        np.testing.assert_allclose(one.prediction.density, expected, rtol=1e-4, atol=1e-9)


def test_between_computed_maps_the_average_goes_on_towards_the_last(predictor):
    frames = [Frame(Fraction(number, 10), square(0 if number < 5 else 20)) for number in range(10)]
    plain = [one.prediction.density for one in video_maps(predictor, frames, model="blind")]
    made = list(video_maps(predictor, frames, model="blind", rate=2, smoothing=0.25))
    assert [number for number, one in enumerate(made) if one.computed] == [0, 5]
    expected = plain[0] + (1 - math.exp(-0.5 / 0.25)) * (plain[-1] - plain[0])
    np.testing.assert_allclose(made[-1].prediction.density, expected, rtol=1e-4, atol=1e-9)


def test_a_map_of_zeros_is_a_uniform_density_in_the_average():
    black = [Frame(Fraction(number), np.zeros((48, 64, 3), np.uint8)) for number in range(2)]
    for one in video_maps(Predictor(["fine_grained"]), black, smoothing=1):
        np.testing.assert_allclose(one.prediction.density, 1 / (48 * 64), rtol=1e-3)


def test_frames_are_asked_for_one_at_a_time(predictor):
    asked = []
    maps = video_maps(predictor, (asked.append(frame) or frame for frame in FRAMES), model="blind", smoothing=1)
    for number, _ in enumerate(maps, 1):
        assert len(asked) == number


def test_what_cannot_be_asked(predictor):
    with pytest.raises(TextError, match="Blind reads no text"):
        video_maps(predictor, FRAMES, model="blind", sentence="a dog")
    with pytest.raises(UnknownModelError):
        list(video_maps(predictor, FRAMES, model="other", sentence="a dog"))
    with pytest.raises(PictureError):
        list(video_maps(predictor, [Frame(Fraction(0), np.zeros((4, 4, 3), np.uint8))], model="blind"))
    for wrong in ({"rate": 0}, {"rate": math.inf}, {"rate": math.nan}, {"smoothing": -1}, {"smoothing": math.nan}):
        with pytest.raises(ValueError, match="rate"):
            video_maps(predictor, FRAMES, model="blind", **wrong)
