"""The grid of maps by itself: what it draws of values that are known."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from saliency.comparison_tables import GroundTruth
from saliency.conditions import COMPARED, Condition
from saliency.results import CheckpointIdentity, Comparison, Prediction
from saliency.ui.compare.map_grid import MapGrid
from saliency.ui.shared.presentation import present
from tests.browser.alone import alone

pytestmark = pytest.mark.browser

SHAPE = (300, 400)
LEFT, RIGHT = (10, 6), (10, 26)  # peaks of the working maps


def view(models: Sequence[str] = ("one", "two"), conditions: Sequence[Condition] = COMPARED) -> dict[str, Any]:
    """A comparison on an orange picture: without a sentence all gaze is on the left, with one half is on the right."""
    return present(comparison(models, conditions))


def comparison(models: Sequence[str] = ("one", "two"), conditions: Sequence[Condition] = COMPARED) -> Comparison:
    picture = np.full((*SHAPE, 3), (230, 120, 40), np.uint8)
    predictions = tuple(prediction(model, condition) for model in models for condition in conditions)
    return Comparison(picture, predictions, {"total": 0.5})


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
    still["understood"] = False
    still["moved"] = {"share": 0, "source": [0, 0], "target": [0, 0]}
    little["moved"] = {"share": 0.03, "source": [1, 0], "target": [1, 2]}
    made["maps"][1:3] = still, little
    with alone(browser, MapGrid(), value=made) as page:
        expect(page.locator(".finding")).to_have_text(
            [
                "Most gaze at the left (87%).",
                "This model knows no English word of the sentence. The sentence moved nothing.",
                "Hardly any gaze moved (3%).",
                "50% of the gaze moved, above all from the left to the right.",
            ]
        )


def test_while_a_key_or_the_button_is_held_every_map_is_its_models_without_text(browser):
    with alone(browser, MapGrid(), value=view()) as page:
        frames, button = page.locator(".frame"), page.locator("[name=blink]")
        expect(frames).to_have_count(8)

        def drawn() -> list[str]:
            return page.locator(".frame canvas").evaluate_all("all => all.map(canvas => canvas.toDataURL())")

        before = drawn()
        assert len(set(before)) == 2
        held = [before[0]] * 8
        frames.nth(2).focus()
        page.keyboard.down(" ")
        assert drawn() == held
        page.keyboard.up(" ")
        assert drawn() == before
        button.focus()
        page.keyboard.down("Enter")
        assert drawn() == held
        page.keyboard.press("Tab")  # the key is let go elsewhere
        assert drawn() == before
        page.keyboard.up("Enter")
        button.hover()
        page.mouse.down()
        assert drawn() == held
        page.mouse.move(0, 0)
        page.mouse.up()
        assert drawn() == before


def with_people(**options: Any) -> dict[str, Any]:
    """`view` and a ground truth of two people, both at `RIGHT` after reading the general sentence."""
    points = np.array([[(RIGHT[0] + 0.5) / 24 * SHAPE[0], (RIGHT[1] + 0.5) / 32 * SHAPE[1]]] * 2).astype(int)
    truth = GroundTruth(options.pop("condition", Condition.GENERAL), fixations=points, people=2)
    made = view(**options)
    people = present(comparison(**options), truth)["people"]
    return made | {"people": people}


def test_people_are_a_row_of_their_own_with_their_map_and_dots(browser):
    with alone(browser, MapGrid(), value=with_people()) as page:
        row = page.get_by_role("row").nth(1)
        expect(row.get_by_role("rowheader")).to_have_text("People where they really looked, from your files")
        cells = row.get_by_role("cell")
        expect(cells).to_have_count(4)
        expect(page.locator(".people .frame")).to_have_count(1)
        expect(cells.nth(0)).to_have_text("no gaze given for this sentence")
        expect(cells.nth(1)).to_contain_text("People: 2, fixations: 2. Most gaze at the right")
        expect(cells.nth(1).get_by_role("img")).to_have_attribute("aria-label", re.compile("^People, General. Half of"))
        assert min(colour(page, 0, RIGHT)) > 240  # a white dot
        page.get_by_role("checkbox", name="Fixations").uncheck()
        red, green, blue = colour(page, 0, RIGHT)
        assert blue < 120 < green  # the top of viridis
        assert colour(page, 0, LEFT)[0] > 180  # the orange picture
        page.locator("[name=layer]").select_option("difference")
        red, green, blue = colour(page, 0, RIGHT)
        assert max(red, green, blue) - min(red, green, blue) <= 3  # people without text are not known


def test_peoples_map_is_enlarged_over_the_picture_and_stays_while_the_others_are_without_text(browser):
    with alone(browser, MapGrid(), value=with_people()) as page:
        people = page.locator(".people .frame")
        people.focus()
        before = people.locator("canvas").evaluate("canvas => canvas.toDataURL()")
        page.keyboard.down(" ")
        assert people.locator("canvas").evaluate("canvas => canvas.toDataURL()") == before
        page.keyboard.up(" ")
        people.press("Enter")
        expect(page.locator(".enlarged-title")).to_have_text("People, General")
        assert min(colour(page, 0, RIGHT)) > 240
        page.locator("[name=divide]").fill("100")
        expect(page.locator("[name=before]")).to_be_hidden()
        red, green, blue = colour(page, 0, RIGHT)
        assert (abs(red - 230), abs(green - 120), abs(blue - 40)) < (9, 9, 9)
        page.get_by_role("button", name="Next map").click()
        expect(page.locator(".enlarged-title")).to_have_text("One, Pure")
        expect(page.locator("[name=before]")).to_be_visible()


def test_with_one_condition_people_stand_beside_the_models(browser):
    made = with_people(conditions=(Condition.PURE,), condition=Condition.PURE)
    made["people"] |= {"dots": [], "fixations": None, "participants": None}
    with alone(browser, MapGrid(), value=made) as page:
        expect(page.locator(".frame")).to_have_count(3)
        assert page.locator(".grid").evaluate("grid => grid.style.getPropertyValue('--columns')") == "3"
        expect(page.locator(".people .finding")).to_have_text(re.compile(r"^Most gaze at the right \(\d+%\)\.$"))
        expect(page.get_by_role("checkbox", name="Fixations")).to_be_hidden()
        page.evaluate("view => send(view)", view())
        expect(page.locator(".people")).to_have_count(0)


def test_without_a_sentence_there_is_nothing_to_hold_against(browser):
    with alone(browser, MapGrid(), value=view(conditions=(Condition.PURE,))) as page:
        expect(page.locator(".frame")).to_have_count(2)
        expect(page.locator("[name=blink]")).to_be_hidden()
        page.evaluate("view => send(view)", view())
        expect(page.locator("[name=blink]")).to_be_visible()


def test_a_smaller_comparison_after_a_larger_one_with_its_last_map_enlarged_is_drawn(browser):
    with alone(browser, MapGrid(), value=view()) as page:
        page.locator(".frame").last.press("Enter")
        expect(page.locator(".enlarged")).to_be_visible()
        page.evaluate("view => send(view)", view(models=("one",), conditions=(Condition.PURE,)))
        expect(page.locator(".frame")).to_have_count(1)
        expect(page.locator(".enlarged")).to_be_hidden()
        assert colour(page, 0, LEFT) != colour(page, 0, RIGHT)
