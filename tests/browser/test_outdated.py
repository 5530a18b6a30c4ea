"""A result that is not of what the fields hold is marked as such, on every tab, and is not taken home as if it were."""

from __future__ import annotations

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.test_lecture import bar, begin, lecture_address, mark  # noqa: F401
from tests.browser.test_share import app, box, tab, visit  # noqa: F401

pytestmark = pytest.mark.browser

MARK = "for the previous picture or sentences"


def notice(page: Page, view: str = "maps"):
    return page.locator(f"#{view}").get_by_role("status").filter(has_text=MARK)


def download(page: Page):
    return page.get_by_role("button", name="Download everything")


def is_outdated(page: Page, view: str = "maps") -> None:
    expect(notice(page, view)).to_be_visible()
    if view == "maps":
        expect(download(page)).to_be_hidden()
    faded = page.locator(f"#{view} .result canvas").first
    assert faded.evaluate("canvas => getComputedStyle(canvas).filter") == "grayscale(1)"


def belongs(page: Page, view: str = "maps") -> None:
    page.wait_for_timeout(600)  # it would be marked by now
    expect(notice(page, view)).to_have_count(0)
    if view == "maps":
        expect(download(page)).to_be_visible()


@pytest.fixture
def compared(app) -> Page:  # noqa: F811
    app.locator(".examples button").first.click()
    expect(app.locator("#maps .frame")).to_have_count(8)
    belongs(app)
    return app


def test_an_edited_sentence_marks_the_result_until_it_is_taken_back(compared):
    sentence = box(compared, "Salient").input_value()
    box(compared, "Salient").fill("Something else.")
    is_outdated(compared)
    assert violations(compared) == []
    box(compared, "Salient").fill(sentence)
    belongs(compared)
    box(compared, "Salient").fill("Something else.")
    is_outdated(compared)
    compared.get_by_role("button", name="Compare", exact=True).click()
    belongs(compared)


def test_other_models_mark_the_result(compared):
    compared.get_by_role("checkbox", name="Padder").first.uncheck()
    is_outdated(compared)
    compared.get_by_role("checkbox", name="Padder").first.check()
    belongs(compared)


def test_a_removed_picture_marks_the_result(compared):
    compared.locator("#picture").get_by_role("button", name="Remove").click()
    is_outdated(compared)


def test_an_unreadable_upload_marks_the_result(compared, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    compared.locator("#picture").get_by_role("button", name="Remove").click()
    compared.locator("#picture input[type=file]").set_input_files(tmp_path / "broken.jpg")
    expect(compared.get_by_test_id("toast-body")).not_to_have_count(0)
    is_outdated(compared)


def test_a_ground_truth_that_fails_marks_the_result_and_its_options_alone_do_not(compared, tmp_path):
    compared.get_by_role("button", name="Compare with where people really looked").click()
    truth = compared.get_by_label("What these people had read")
    truth.click()
    compared.get_by_role("option", name="General").click()
    belongs(compared)
    (tmp_path / "none.csv").write_text("a,b\n1,2\n")
    compared.locator("input[type=file]").last.set_input_files(tmp_path / "none.csv")
    is_outdated(compared)
    compared.get_by_role("button", name="Compare", exact=True).click()
    expect(compared.get_by_test_id("toast-body")).not_to_have_count(0)
    is_outdated(compared)


def test_an_own_picture_belongs_and_so_it_does_after_undo(app, tmp_path):  # noqa: F811
    Image.effect_noise((300, 200), 90).save(tmp_path / "own.tif")  # drawn by a preview
    app.locator("#picture input[type=file]").set_input_files(tmp_path / "own.tif")
    app.locator("#picture img").wait_for()
    box(app, "Salient").fill("My own words.")
    app.get_by_role("button", name="Compare", exact=True).click()
    expect(app.locator("#maps .frame")).to_have_count(4)
    belongs(app)
    app.locator(".examples button").nth(1).click()
    app.locator("#undo").get_by_role("button", name="Undo").click()
    expect(box(app, "Salient")).to_have_value("My own words.")
    is_outdated(app)
    app.get_by_role("button", name="Compare", exact=True).click()
    expect(app.locator("#maps .frame")).to_have_count(4)
    belongs(app)


def test_a_link_and_a_lecture_mark_nothing_that_belongs(app):  # noqa: F811
    app.evaluate("location.hash = 'example=Otters&general=A+ball.&salient=&non_salient=&models=reader'")
    expect(app.locator("#maps .frame")).to_have_count(2)
    belongs(app)
    begin(app)
    belongs(app)
    box(app, "General").fill("Meanwhile.")
    is_outdated(app)
    bar(app).get_by_role("button", name="Leave").click()
    expect(app.locator("#maps .welcome")).to_be_visible()


def test_on_words_an_edited_sentence_marks_the_result(app):  # noqa: F811
    tab(app, "Words").click()
    app.locator("[role=tabpanel]:visible .examples button").first.click()
    expect(app.locator("#words .readings figure")).to_have_count(3)
    belongs(app, "words")
    sentence = box(app, "Sentence").input_value()
    box(app, "Sentence").fill("Another one.")
    is_outdated(app, "words")
    assert violations(app) == []
    box(app, "Sentence").fill(sentence)
    belongs(app, "words")


def test_scores_of_other_marks_sentences_or_pictures_are_marked(app):  # noqa: F811
    tab(app, "Your gaze").click()
    panel = app.locator("[role=tabpanel]:visible")
    panel.get_by_role("button", name="Otters").click()
    mark(app)
    app.get_by_role("button", name="Score the models").click()
    expect(app.locator("#gaze-view .maps canvas")).not_to_have_count(0)
    belongs(app, "gaze-view")
    app.locator("#gaze-stage .screen").click(position={"x": 40, "y": 40})
    is_outdated(app, "gaze-view")
    assert violations(app) == []
    app.get_by_role("button", name="Score the models").click()
    expect(app.locator("#gaze-view .basis")).to_contain_text("2 fixations")
    belongs(app, "gaze-view")
    panel.get_by_role("textbox").first.fill("There is a ball.")
    is_outdated(app, "gaze-view")
