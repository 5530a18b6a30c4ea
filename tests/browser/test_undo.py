"""An example over one's own picture and sentences can be undone; an answer takes the focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_share import app, box, lecture_address, tab, visit  # noqa: F401

pytestmark = pytest.mark.browser

OFFER = "The example took the place of what you had."


def offer(page: Page):
    return page.locator("#undo .offer")


def example(page: Page, number: int):
    return page.locator("[role=tabpanel]:visible .examples button").nth(number)


def test_an_example_over_ones_own_picture_and_sentences_is_undone(app, tmp_path):  # noqa: F811
    from PIL import Image

    Image.effect_noise((300, 200), 90).save(tmp_path / "own.png")
    app.locator("#picture input[type=file]").set_input_files(tmp_path / "own.png")
    app.locator("#picture img").wait_for()
    shown = app.locator("#picture img").get_attribute("src")
    box(app, "Salient").fill("My own words.")
    example(app, 1).click()
    expect(offer(app)).to_contain_text(OFFER)
    expect(box(app, "Salient")).not_to_have_value("My own words.")
    offer(app).get_by_role("button", name="Undo").click()
    expect(box(app, "Salient")).to_have_value("My own words.")
    expect(box(app, "General")).to_have_value("")
    expect(app.locator("#picture img")).to_have_attribute("src", shown)
    expect(offer(app)).to_be_hidden()


def test_an_own_sentence_on_words_is_undone_and_the_offer_can_be_closed(app):  # noqa: F811
    tab(app, "Words").click()
    box(app, "Sentence").fill("Only mine.")
    example(app, 2).click()
    offer(app).get_by_role("button", name="Undo").click()
    expect(box(app, "Sentence")).to_have_value("Only mine.")
    example(app, 2).click()
    offer(app).get_by_role("button", name="Close").click()
    expect(offer(app)).to_be_hidden()


def test_from_example_to_example_there_is_nothing_to_undo(app):  # noqa: F811
    for number in (0, 1, 2):
        example(app, number).click()
        expect(app.locator("#maps .frame")).to_have_count(8)
        app.wait_for_timeout(300)
        expect(offer(app)).to_be_hidden()


def test_an_answer_has_the_focus_unless_somebody_types(app):  # noqa: F811
    example(app, 1).click()
    result = app.get_by_role("region", name="Comparison")
    expect(result).to_be_focused()
    app.get_by_role("button", name="Compare", exact=True).press("Enter")
    expect(result).to_be_focused()
    box(app, "General").press("Enter")
    app.wait_for_timeout(1500)
    expect(box(app, "General")).to_be_focused()


def test_on_a_phone_an_example_brings_the_stage_into_sight(visit):  # noqa: F811
    page = visit(viewport={"width": 390, "height": 844}, reduced_motion="reduce")
    tab(page, "Your gaze").click()
    page.get_by_role("button", name="Cows").last.click()
    page.wait_for_function("document.querySelector('#gaze-stage .picture').src")
    page.wait_for_function(
        """() => {
            const { top } = document.querySelector("#gaze-stage").getBoundingClientRect();
            return top >= 0 && top < innerHeight / 2;
        }"""
    )
