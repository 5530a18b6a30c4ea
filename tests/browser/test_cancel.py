"""Cancel: what takes long can be ended, the work ends with it, and the page goes on as if it had never begun."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from saliency.archive import writer
from saliency.predictor import Predictor
from saliency.ui import build
from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE
from tests.browser.steps import Steps
from tests.pictures import COFFEE
from tests.tiny import Tiny, in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture
def steps(monkeypatch):
    """What the models do, a pass a step."""
    steps = Steps()
    for name in ("encode_image", "decode"):
        monkeypatch.setattr(Tiny, name, steps(name, getattr(Tiny, name)))
    yield steps
    steps.go_on.set()


@pytest.fixture
def address(tmp_path):
    """The app on three models in miniature that remember nothing of other tests."""
    with in_miniature(tmp_path), serving(lambda: build(Predictor(checkpoint_dir=tmp_path))) as address:
        yield address


def cancel(page: Page):
    return page.get_by_role("button", name="Cancel", exact=True)


def frames(page: Page):
    return page.locator("#maps .frame")


def is_quiet(page: Page) -> None:
    """Nothing runs, no failure is shown, and the cancellation is announced."""
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_visible()
    expect(cancel(page)).to_be_hidden()
    page.wait_for_timeout(500)  # a message of failure would be there by now
    expect(page.locator("[data-testid=status-tracker]:not(.hide):visible")).to_have_count(0)
    expect(page.get_by_test_id("toast-body")).to_have_count(0)


def ends(page: Page, steps: Steps, step: str) -> None:
    """The step that was in work is finished, and none after it is begun."""
    steps.go_on.set()
    page.wait_for_timeout(1000)
    assert steps.begun == [step]


def test_a_comparison_is_cancelled_with_keys_and_its_work_ends(visit, steps):
    page = visit()
    page.locator("#picture input[type=file]").set_input_files(COFFEE)
    page.locator("#picture img").wait_for()
    begin = page.get_by_role("button", name="Compare", exact=True)
    begin.press("Enter")
    assert steps.reached.wait(PATIENCE / 1000)
    expect(cancel(page)).to_be_visible()
    assert violations(page) == [], "while it is computed"
    page.keyboard.press("Tab")
    expect(cancel(page)).to_be_focused()
    page.keyboard.press("Enter")
    is_quiet(page)
    expect(begin).to_be_focused()

    ends(page, steps, "encode_image")

    begin.click()
    expect(frames(page)).to_have_count(2)
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_hidden()
    assert steps.begun.count("decode") == 2


def test_at_once_after_cancelling_the_next_is_computed_and_what_was_shown_stayed(visit, steps):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    steps.go_on.set()
    page.get_by_role("button", name="Cows").first.tap()
    expect(frames(page)).to_have_count(8)

    steps.go_on.clear()
    page.get_by_role("button", name="Horses").first.tap()
    expect(cancel(page)).to_be_visible()
    assert cancel(page).bounding_box()["height"] >= 40
    page.wait_for_timeout(500)  # what was shown is dimmed by and by
    assert violations(page) == [], "while what was shown before is dimmed"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    cancel(page).tap()
    is_quiet(page)
    expect(frames(page)).to_have_count(8)

    page.get_by_role("checkbox", name="Padder").first.uncheck()
    page.get_by_role("button", name="Compare", exact=True).tap()
    steps.go_on.set()
    expect(frames(page)).to_have_count(4)


def test_words_are_cancelled(visit, steps):
    page = visit()
    page.get_by_role("tab", name="Words").click()
    page.get_by_role("button", name="Cows").click()
    assert steps.reached.wait(PATIENCE / 1000)
    cancel(page).click()
    is_quiet(page)
    ends(page, steps, "encode_image")

    page.get_by_role("button", name="Show what each word does").click()
    expect(page.locator("#words .readings figure")).to_have_count(3)


def test_scoring_is_cancelled_and_the_marks_stay(visit, steps):
    page = visit()
    page.get_by_role("tab", name="Your gaze").click()
    page.get_by_role("button", name="Cows").click()
    page.get_by_label("The picture is shown for").select_option("1")
    page.get_by_role("button", name="Start", exact=True).click()
    expect(page.locator("#gaze-stage .status")).to_contain_text("Now click or tap")
    page.locator("#gaze-stage .screen").click()
    page.get_by_role("button", name="Score the models").click()
    assert steps.reached.wait(PATIENCE / 1000)
    cancel(page).click()
    is_quiet(page)
    ends(page, steps, "encode_image")

    page.get_by_role("button", name="Score the models").click()
    expect(page.get_by_role("table", name="Which model knows where you look")).to_be_visible()


def test_a_download_is_cancelled_and_saves_nothing(visit, monkeypatch):
    page = visit()
    page.get_by_role("button", name="Cows").first.click()
    expect(frames(page)).to_have_count(8)
    steps = Steps()
    monkeypatch.setattr(writer, "overlay", steps("overlay", writer.overlay))
    downloads = []
    page.on("download", lambda download: downloads.append(download))
    download = page.get_by_role("button", name="Download everything")
    download.click()
    assert steps.reached.wait(PATIENCE / 1000)
    expect(page.get_by_text("Writing overlays/")).to_be_visible()
    cancel(page).click()
    is_quiet(page)
    ends(page, steps, "overlay")
    assert downloads == []

    with page.expect_download() as saved:
        download.click()
    assert saved.value.suggested_filename == "saliency-comparison.zip"


def test_who_waits_for_somebody_elses_can_cancel_and_takes_nothing_from_them(visit, steps):
    first, second = visit(), visit()
    first.get_by_role("button", name="Cows").first.click()
    assert steps.reached.wait(PATIENCE / 1000)
    second.get_by_role("button", name="Horses").first.click()
    cancel(second).click()
    is_quiet(second)
    steps.go_on.set()
    expect(frames(first)).to_have_count(8)
    expect(first.get_by_text("Cancelled.")).to_have_count(0)
    expect(frames(second)).to_have_count(0)
    assert steps.begun.count("encode_image") == 2
