"""Sentences with names of their own: added, compared, shared, taken home and replayed."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from saliency.archive.recorded import read_recorded
from tests.browser.axe import violations
from tests.browser.test_share import app, box, copied, lecture_address, visit  # noqa: F401

pytestmark = pytest.mark.browser


def rows(page: Page):
    return page.locator("#named-sentences .row")


def write(page: Page, sentence: str, name: str | None = None) -> None:
    """Adds a sentence."""
    page.get_by_role("button", name="Add a sentence").click()
    row = rows(page).last
    expect(row.get_by_role("textbox", name="Sentence", exact=True)).to_be_focused()
    row.get_by_role("textbox", name="Sentence", exact=True).fill(sentence)
    if name is not None:
        row.get_by_role("textbox", name="Name of the sentence").fill(name)


def headings(page: Page) -> list[str]:
    return page.locator("#maps .headings strong").all_inner_texts()


def test_six_wordings_are_compared_shared_and_taken_home(app, visit, tmp_path):  # noqa: F811
    assert rows(app).count() == 0
    app.get_by_role("button", name="Cows").first.click()
    expect(app.locator("#maps .frame")).to_have_count(8)
    write(app, "A cow.")
    write(app, "A <b>brown</b> cow.", "pure white <i>")
    rows(app).last.get_by_role("textbox", name="Sentence", exact=True).press("Enter")
    expect(app.get_by_text("cannot name files")).to_be_visible()
    expect(app.locator("#maps .result")).to_have_class("result outdated")
    rows(app).last.get_by_role("textbox", name="Name of the sentence").fill("place_00 猫")
    rows(app).last.get_by_role("textbox", name="Sentence", exact=True).press("Enter")
    expect(app.locator("#maps .frame")).to_have_count(12)
    assert headings(app) == ["Pure", "General", "Salient", "Non-salient", "Wording A", "place_00 猫"]
    expect(app.locator("#maps .result")).to_have_class("result")
    expect(app.get_by_role("table", name="How far each")).to_contain_text("place_00 猫")

    with app.expect_download() as download:
        app.get_by_role("button", name="Download everything").click()
    download.value.save_as(tmp_path / "all.zip")
    assert list(read_recorded(tmp_path / "all.zip").sentences.values())[-2:] == ["A cow.", "A <b>brown</b> cow."]

    for _ in range(4):
        write(app, "A field.")
    expect(app.get_by_role("button", name="Add a sentence")).to_be_hidden()
    rows(app).nth(2).get_by_role("button", name="Remove “Wording B”").click()
    expect(rows(app)).to_have_count(5)
    app.wait_for_function("decodeURIComponent(location.hash).includes('place_00')")
    other = visit()
    other.goto("about:blank")
    other.goto(copied(app))
    expect(other.locator("#maps .frame")).to_have_count(18)
    assert headings(other)[4:] == [*headings(app)[4:], "Wording C", "Wording D", "Wording E"]
    assert violations(other) == []


def test_an_example_takes_their_place_and_undo_brings_them_back(app):  # noqa: F811
    write(app, "Only mine.", "mine")
    app.get_by_role("button", name="Cows").first.click()
    expect(rows(app)).to_have_count(0)
    expect(app.locator("#maps .frame")).to_have_count(8)
    app.locator("#undo").get_by_role("button", name="Undo").click()
    expect(rows(app)).to_have_count(1)
    expect(rows(app).get_by_role("textbox", name="Name of the sentence")).to_have_value("mine")
    app.evaluate("location.hash = 'general=A+cup.&salient=&non_salient=&models=reader'")
    expect(box(app, "General")).to_have_value("A cup.")
    expect(rows(app)).to_have_count(0)


def test_people_may_have_read_one_of_them(app, tmp_path):  # noqa: F811
    (tmp_path / "gaze.csv").write_text("x,y\n30,20\n31,19\n")
    app.get_by_role("button", name="Cows").first.click()
    expect(app.locator("#maps .frame")).to_have_count(8)
    write(app, "A cow.", "one cow")
    app.get_by_role("button", name="Compare with where people").click()
    app.locator(".upload").nth(1).locator("input[type=file]").set_input_files(tmp_path / "gaze.csv")
    app.get_by_label("What these people had read").click()
    app.get_by_role("option", name="one cow").click()
    app.get_by_role("button", name="Compare", exact=True).click()
    expect(app.locator("#maps .row.people .frame")).to_have_count(1)
    expect(app.locator("#maps .row.people .frame")).to_have_attribute("aria-label", "People, one cow")
