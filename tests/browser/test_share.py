"""A copied link, opened and pasted; what it does not bring is reported."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import visiting
from tests.browser.test_lecture import bar, done, lecture_address  # noqa: F401  the app on three models in miniature
from tests.pictures import COFFEE

pytestmark = pytest.mark.browser

MISSING = "This link was made with a picture that is not part of it; please choose the picture."
MARKUP = 'A <img src=x onerror="document.title=1"> cup 杯.'


@pytest.fixture
def visit(browser, lecture_address):  # noqa: F811
    """Opens the app in fresh windows."""
    with visiting(browser, lecture_address) as visit:
        yield visit


@pytest.fixture
def app(visit) -> Page:
    return visit()


def box(page: Page, condition: str):
    return page.get_by_role("textbox", name=condition).first


def address_of(page: Page) -> str:
    return page.evaluate("location.hash")


def copied(page: Page) -> str:
    """The link, where the browser lets nothing be copied."""
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="Copy link").click()
    link = page.get_by_role("textbox", name="Link to these sentences")
    expect(link).to_be_visible()
    return link.input_value()


def test_a_link_restores_sentences_models_settings_and_the_example_and_runs(app, visit):
    app.get_by_role("button", name="Cows").first.click()
    expect(app.locator("#maps .frame")).to_have_count(8)
    box(app, "General").fill(MARKUP)
    app.get_by_role("checkbox", name="Padder").first.uncheck()
    app.locator("#maps [name=opacity]").fill("35")
    app.locator("#maps [name=colours]").select_option("cividis")
    app.wait_for_timeout(500)
    url = copied(app)
    other = visit()
    other.goto("about:blank")
    other.goto(url)
    expect(other.locator("#maps .frame")).to_have_count(4)
    expect(box(other, "General")).to_have_value(MARKUP)
    assert other.locator("#maps [name=opacity]").input_value() == "35"
    assert other.locator("#maps [name=colours]").input_value() == "cividis"
    assert other.title() != "1"


def test_a_link_pasted_into_the_open_tab_is_followed_and_edits_outlive_a_reload(app):
    box(app, "Salient").fill("Something else.")
    app.evaluate("location.hash = 'example=Cows&general=A+cup.&salient=&non_salient=&models=reader'")
    expect(app.locator("#maps .frame")).to_have_count(2)
    expect(box(app, "General")).to_have_value("A cup.")
    expect(box(app, "Salient")).to_have_value("")
    box(app, "General").fill("Edited since.")
    app.wait_for_function("location.hash.includes('Edited')")
    app.reload()
    expect(app.locator("#maps .frame")).to_have_count(2)
    expect(box(app, "General")).to_have_value("Edited since.")


def test_a_picture_that_a_link_does_not_bring_is_asked_for(app, visit, tmp_path):
    own = tmp_path / "own.jpg"
    own.write_bytes((COFFEE).read_bytes() + b"\0")
    app.locator("#picture input[type=file]").set_input_files(own)
    app.locator("#picture img").wait_for()
    box(app, "General").fill("A cup.")
    app.wait_for_function("location.hash.includes('picture=own') && location.hash.includes('cup')")
    other = visit()
    other.goto("about:blank")
    other.goto(copied(app))
    reported = other.get_by_role("status").filter(has_text=MISSING)
    expect(reported).to_be_visible()
    expect(box(other, "General")).to_have_value("A cup.")
    other.locator("#picture input[type=file]").set_input_files(own)
    expect(reported).to_be_hidden()
    other.evaluate("location.hash = 'tab=compare&example=Gone&general=A+cup.'")
    expect(other.get_by_role("status").filter(has_text="“Gone”")).to_have_count(0)  # there is a picture
    other.reload()
    other.goto("about:blank")
    other.goto(f"{app.url.partition('#')[0]}#example=Gone&general=A+cup.")
    expect(other.get_by_role("status").filter(has_text="“Gone”")).to_be_visible()


def test_what_was_copied_is_reported(app):
    app.context.grant_permissions(["clipboard-read", "clipboard-write"])
    box(app, "General").fill("A cup.")
    app.wait_for_function("location.hash.includes('cup')")
    app.get_by_role("button", name="Copy link").click()
    expect(app.locator("#copy-link").get_by_role("status")).to_contain_text("Copied.")
    expect(app.get_by_role("textbox", name="Link to these sentences")).to_be_hidden()
    assert "general=A+cup." in app.evaluate("navigator.clipboard.readText()")


def test_a_hostile_link_does_nothing(visit, lecture_address):  # noqa: F811
    app = visit()
    app.goto("about:blank")
    app.goto(
        f"{lecture_address}#tab=%3Cscript%3E&lecture=x&models=evil&example=%3Cscript%3E&opacity=%22%3E"
        f"&colours=javascript:&x={'y' * 9000}&general=fine"
    )
    expect(box(app, "General")).to_have_value("fine")
    assert app.locator("#maps .frame").count() == 0
    assert app.locator("#maps [name=colours]").input_value() == "viridis"
    app.evaluate(f"location.hash = 'lecture=7&{'z' * 70_000}'")
    app.evaluate("location.hash = 'lecture=7'")
    expect(bar(app)).to_be_hidden()


def tab(page: Page, name: str):
    return page.get_by_role("tab", name=name, exact=True)


def open_tab(page: Page, name: str) -> None:
    expect(tab(page, name)).to_have_attribute("aria-selected", "true")


def test_back_and_forward_go_through_the_tabs_and_a_reload_stays(app):
    assert address_of(app) == ""
    tab(app, "Words").click()
    tab(app, "Models").click()
    assert address_of(app) == "#tab=models"
    app.reload()
    open_tab(app, "Models")
    app.go_back()
    open_tab(app, "Words")
    app.go_back()
    open_tab(app, "Compare")
    app.go_forward()
    open_tab(app, "Words")
    app.keyboard.press("Shift+Tab")
    tab(app, "Words").press("ArrowRight")
    open_tab(app, "Your gaze")
    app.go_back()
    open_tab(app, "Words")


def test_back_never_takes_edits_away(app):
    box(app, "General").fill("First.")
    app.wait_for_function("location.hash.includes('First')")
    tab(app, "Models").click()
    tab(app, "Compare").click()
    box(app, "General").fill("Second.")
    app.wait_for_function("location.hash.includes('Second')")
    app.go_back()
    app.go_back()
    open_tab(app, "Compare")
    expect(box(app, "General")).to_have_value("Second.")
    app.wait_for_function("location.hash.includes('Second')")


def test_the_words_tab_has_an_address_that_restores_and_runs_it(app):
    tab(app, "Words").click()
    app.locator("#words-picture").wait_for()
    app.locator("[role=tabpanel]:visible .examples button").nth(1).click()
    app.wait_for_function("location.hash.includes('tab=words&example=Festival')")
    box(app, "Sentence").fill("A small spoon.")
    app.wait_for_function("location.hash.includes('spoon')")
    app.reload()
    open_tab(app, "Words")
    expect(box(app, "Sentence")).to_have_value("A small spoon.")
    expect(app.locator("#words .readings figure")).not_to_have_count(0)


def test_a_step_of_the_lecture_has_an_address(visit, lecture_address):  # noqa: F811
    app = visit()
    app.goto("about:blank")
    app.goto(f"{lecture_address}#lecture=2")
    done(app, 2)
    bar(app).get_by_role("button", name="Next").click()
    done(app, 3, "This step was not computed. Go on, or come back to it later.")
    assert address_of(app) == "#lecture=3"
    app.go_back()
    done(app, 2)
    bar(app).get_by_role("button", name="Leave").click()
    expect(bar(app)).to_be_hidden()
    assert "lecture" not in address_of(app)
    app.go_back()
    done(app, 2)
    app.go_forward()
    expect(bar(app)).to_be_hidden()
