"""Overlays, differences and the figure."""

import warnings
from dataclasses import replace
from io import BytesIO

import matplotlib
import numpy as np
import pytest
from matplotlib import pyplot

from saliency.results import rendering
from saliency.results.rendering import COLORMAPS, difference, difference_overlay, overlay

from .test_prediction import two_models

PICTURE = np.full((30, 40, 3), (10, 100, 200), dtype=np.uint8)
RAMP = np.linspace(0, 1, 1200).reshape(30, 40)


def test_opacity_blends_picture_and_colours():
    colours = matplotlib.colormaps["viridis"](RAMP)[..., :3] * 255
    assert np.array_equal(overlay(PICTURE, RAMP, 0), PICTURE)
    np.testing.assert_allclose(overlay(PICTURE, RAMP, 1, "viridis"), colours, atol=4)
    np.testing.assert_allclose(overlay(PICTURE, RAMP, 0.25, "viridis"), 0.25 * colours + 0.75 * PICTURE, atol=4)
    cover = np.where(RAMP < 0.4, RAMP / 0.4, 1)[..., None] * 0.6
    faded = overlay(PICTURE, RAMP, 0.6, "viridis", fading=True)
    np.testing.assert_allclose(faded, cover * colours + (1 - cover) * PICTURE, atol=4)
    assert np.array_equal(overlay(PICTURE, RAMP, 1, "viridis", fading=True), overlay(PICTURE, RAMP, 1, "viridis"))


@pytest.mark.parametrize("colormap", COLORMAPS)
def test_every_colour_map_offered_is_there(colormap):
    image = overlay(PICTURE, RAMP, 1, colormap)
    assert image.dtype == np.uint8
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize(
    ("arguments", "words"),
    [((RAMP[:-1],), "shape"), ((RAMP, 1.5), "opacity"), ((RAMP, 0.5, "mauve"), "mauve")],
)
def test_refused(arguments, words):
    with pytest.raises(ValueError, match=words):
        overlay(PICTURE, *arguments)


def test_difference_is_centred():
    change = difference(RAMP * 2, RAMP + 0.75)
    assert np.abs(change).max() == 1
    assert np.sign(change[0, 0]) == -1
    assert np.sign(change[-1, -1]) == 1
    assert not difference(RAMP, RAMP).any()


def test_no_change_is_neutral_grey_more_is_red_less_is_blue():
    change = np.zeros((30, 40), np.float32)
    change[0, 0], change[0, 1] = 1, -1
    image = difference_overlay(PICTURE, change, 1).astype(int)
    assert np.ptp(image[5, 5]) < 8
    assert image[0, 0, 0] > image[0, 0, 2] + 80
    assert image[0, 1, 2] > image[0, 1, 0] + 80


def test_figure_is_a_grid_and_belongs_to_no_window():
    grid = two_models().figure()
    titles = [axis.get_title() for axis in grid.axes]
    assert titles[0] == "Pure"
    assert titles[1].startswith("Salient\na red dog")
    assert titles[2:] == ["", ""]
    assert [axis.get_ylabel() for axis in grid.axes] == ["Tiny", "", "Other", ""]
    assert pyplot.get_fignums() == []


def titled(sentence: str) -> str:
    """The second title of a figure with this sentence, drawn; a character without a glyph is an error."""
    comparison = two_models()
    renamed = [replace(p, sentence=sentence) if p.sentence else p for p in comparison.predictions]
    grid = replace(comparison, predictions=tuple(renamed)).figure()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        grid.savefig(BytesIO(), format="png")
    return grid.axes[1].get_title()


def test_dollar_signs_are_no_mathematics():
    assert titled("cost $5 and $6_0^") == "Salient\ncost $5 and $6_0^"


def test_a_sentence_is_never_drawn_as_boxes(monkeypatch):
    assert titled("\U00013000 a bird") == "Salient"  # no font for people has hieroglyphs
    assert titled("ein Hündchen, щенок") == "Salient\nein Hündchen, щенок"
    assert titled("一只猫") in ("Salient", "Salient\n一只猫")  # as this machine has fonts
    monkeypatch.setattr(rendering, "_fonts", lambda: {"Some Font": frozenset(map(ord, "一只猫"))})
    assert rendering._lines("一只猫" * 10) == ["一只猫" * 7 + "一", "只猫" + "一只猫" * 2]
    assert rendering._lines("a") == []
