"""The grid of maps by itself: what it draws of values that are known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from saliency.conditions import COMPARED, Condition
from saliency.results import CheckpointIdentity, Comparison, Prediction
from saliency.ui.map_grid import MapGrid
from saliency.ui.presentation import present
from tests.browser.alone import alone

pytestmark = pytest.mark.browser

SHAPE = (300, 400)
LEFT, RIGHT = (10, 6), (10, 26)  # cells of the working maps that the models look at


def view(models: Sequence[str] = ("one", "two"), conditions: Sequence[Condition] = COMPARED) -> dict[str, Any]:
    """A comparison on an orange picture: without a sentence all gaze is on the left, with one half is on the right."""
    picture = np.full((*SHAPE, 3), (230, 120, 40), np.uint8)
    predictions = tuple(prediction(model, condition) for model in models for condition in conditions)
    return present(Comparison(picture, predictions, {"total": 0.5}))


def prediction(model: str, condition: Condition) -> Prediction:
    rows, columns = np.mgrid[:24, :32]
    spots = [np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / 8) for row, column in (LEFT, RIGHT)]
    values = spots[0] + spots[1] if condition.reads_text else 2 * spots[0]
    return Prediction(
        model=model,
        title=model.title(),
        condition=condition,
        sentence="A dog." if condition.reads_text else "",
        working_map=values.astype(np.float32),
        shape=SHAPE,
        checkpoint=CheckpointIdentity(model, "ab" * 32, model, "compact"),
    )


def colour(page: Page, number: int, cell: tuple[int, int]) -> list[int]:
    """Red, green, blue of a map's canvas over a cell of the working map."""
    x, y = (cell[1] + 0.5) / 32, (cell[0] + 0.5) / 24
    return (
        page.locator(".frame canvas")
        .nth(number)
        .evaluate(
            """(canvas, [x, y]) => [...canvas.getContext("2d")
                .getImageData(x * canvas.width, y * canvas.height, 1, 1).data.slice(0, 3)]""",
            [x, y],
        )
    )


def test_a_difference_is_blue_and_orange_on_grey(browser):
    with alone(browser, MapGrid(), value=view()) as page:
        expect(page.locator(".frame")).to_have_count(8)
        page.locator("[name=layer]").select_option("difference")
        nowhere = (2, 16)
        for number, cell in ((0, LEFT), (0, RIGHT), (1, nowhere)):  # nothing differs here
            red, green, blue = colour(page, number, cell)
            assert max(red, green, blue) - min(red, green, blue) <= 3
        red, _, blue = colour(page, 1, LEFT)
        assert blue > red + 60
        red, _, blue = colour(page, 1, RIGHT)
        assert red > blue + 60
        page.locator("[name=opacity]").fill("100")
        red, green, blue = colour(page, 1, nowhere)
        assert max(red, green, blue) - min(red, green, blue) <= 3


def test_what_a_sentence_moved_stands_under_its_map(browser):
    made = view(models=("one",))
    still, little = dict(made["maps"][1]), dict(made["maps"][2])
    still["moved"] = {"share": 0, "source": [0, 0], "target": [0, 0]}
    little["moved"] = {"share": 0.03, "source": [1, 0], "target": [1, 2]}
    made["maps"][1:3] = still, little
    with alone(browser, MapGrid(), value=made) as page:
        expect(page.locator(".finding")).to_have_text(
            [
                "Most gaze at the left (87%).",
                "The sentence moved nothing.",
                "Hardly any gaze moved (3%).",
                "50% of the gaze moved, mostly from the left to the right.",
            ]
        )
