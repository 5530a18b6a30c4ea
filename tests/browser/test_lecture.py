"""The lecture as it is given: all six steps, with keys, with a step that fails, in a small window."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from saliency.errors import TextError
from saliency.predictor import Predictor
from saliency.ui import build
from tests.browser.conftest import PATIENCE, visiting
from tests.browser.steps import Steps
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

OWN = "A sentence of my own."
KEPT = "There are marks on the stage, so its picture stays."
REFUSED = "Three readings are too many today."


# What is in front where the bar is and a failed computation's cover reaches: the cover once took the clicks.
HIGHEST = """() => {
    const cover = document.querySelector("[data-testid=status-tracker]").cloneNode();
    cover.style.cssText = "position: fixed; inset: 0; display: flex; visibility: visible; opacity: 1";
    document.querySelector(".tabs").append(cover);
    const { x, y } = document.querySelector("#lecture .bar [name=next]").getBoundingClientRect();
    const found = document.elementFromPoint(x + 5, y + 5).closest("#lecture, [data-testid=status-tracker]");
    cover.remove();
    return found?.id ?? null;
}"""


class Refusing(Predictor):
    """Fails where pure, general and salient are asked for: at the third step."""

    def predict(self, image, sentences=None, **options):
        if len(sentences or {}) == 3:
            raise TextError(REFUSED)
        return super().predict(image, sentences, **options)


@pytest.fixture(scope="module")
def lecture_address(tmp_path_factory):
    """The app on three models in miniature."""
    folder = tmp_path_factory.mktemp("tiny")
    with in_miniature(folder), serving(lambda: build(Refusing(checkpoint_dir=folder))) as address:
        yield address


@pytest.fixture
def lecture(browser, lecture_address):
    """The app in a fresh window; the test fails on errors in its console and on requests to other hosts."""
    with visiting(browser, lecture_address) as visit:
        yield visit(viewport={"width": 1280, "height": 800})


def bar(page: Page):
    return page.get_by_role("region", name="Lecture", exact=True)


def begin(page: Page) -> None:
    page.get_by_role("button", name="Lecture: six steps").click()
    done(page, 1)


def done(page: Page, number: int, reported: str = "") -> None:
    """Waits until a step has been computed."""
    expect(bar(page)).to_contain_text(f"Step {number} of 6")
    expect(bar(page).get_by_role("status")).to_have_text(reported)


def mark(page: Page, *read: str) -> None:
    """Looks at the picture on the stage, once the buttons `read` are pressed, and marks a place."""
    start = page.get_by_role("button", name="Start", exact=True)
    start.wait_for()
    page.get_by_label("The picture is shown for").select_option("1")
    start.click()
    for name in read:
        page.get_by_role("button", name=name).click()
    expect(page.locator("#gaze-stage .status")).to_contain_text("Now click or tap")
    page.locator("#gaze-stage .screen").click()


def frames(page: Page):
    return page.locator("#maps .frame")


def box(page: Page, name: str):
    return page.get_by_role("textbox", name=name).first


def test_six_steps_from_the_bare_picture_to_ones_own_gaze_and_back(lecture):
    box(lecture, "Salient").fill(OWN)
    lecture.get_by_role("checkbox", name="Padder").first.uncheck()
    begin(lecture)
    expect(frames(lecture)).to_have_count(1)
    assert lecture.locator("#maps [name=contours]").is_checked()
    expect(bar(lecture).get_by_role("button", name="Previous")).to_be_disabled()

    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 2)
    expect(frames(lecture)).to_have_count(2)
    # What is changed meanwhile does not hold a step up.
    box(lecture, "General").fill("Something else.")
    lecture.locator("#maps [name=colours]").select_option("magma")
    lecture.get_by_role("tab", name="Models").click()

    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 3, "This step was not computed. Go on, or come back to it later.")
    expect(lecture.get_by_text(REFUSED)).to_be_visible()
    expect(frames(lecture)).to_have_count(2)
    assert lecture.evaluate(HIGHEST) == "lecture"

    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 4)
    expect(frames(lecture)).to_have_count(4)
    assert lecture.locator("#maps [name=layer]").input_value() == "difference"
    assert lecture.locator("#maps [name=colours]").input_value() == "viridis"

    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 5)
    expect(lecture.get_by_role("tab", name="Words")).to_have_attribute("aria-selected", "true")
    expect(box(lecture, "Sentence")).to_have_value("There is a rock.")
    expect(lecture.locator("#words .readings figure")).to_have_count(3)

    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 6)
    expect(lecture.get_by_role("tab", name="Your gaze")).to_have_attribute("aria-selected", "true")
    expect(bar(lecture).get_by_role("button", name="Next")).to_be_disabled()
    lecture.get_by_role("button", name="Start", exact=True).click()
    expect(lecture.locator("#gaze-stage .sentence")).to_have_text("The other otter lies on the left.")

    bar(lecture).get_by_role("button", name="Leave").click()
    expect(bar(lecture)).to_be_hidden()
    expect(lecture.get_by_role("button", name="Lecture: six steps")).to_be_focused()
    lecture.get_by_role("tab", name="Compare").click()
    expect(box(lecture, "Salient")).to_have_value(OWN)
    expect(box(lecture, "General")).to_have_value("")
    assert not lecture.get_by_role("checkbox", name="Padder").first.is_checked()
    assert not lecture.locator("#maps [name=contours]").is_checked()
    expect(lecture.locator("#picture img")).to_have_count(0)
    # What was computed of other sentences does not stand below them.
    expect(lecture.locator("#maps .welcome")).to_be_visible()
    expect(lecture.locator("#maps .result")).to_be_hidden()
    expect(lecture.get_by_role("button", name="Download everything")).to_be_hidden()
    lecture.get_by_role("tab", name="Words").click()
    expect(lecture.locator("#words .welcome")).to_be_visible()


def test_keys_lead_only_while_the_bar_has_the_focus(lecture):
    lecture.get_by_role("button", name="Lecture: six steps").press("Enter")
    done(lecture, 1)
    expect(bar(lecture)).to_be_focused()
    assert bar(lecture).locator("[aria-live=polite]").first.inner_text().startswith("Step 1 of 6")
    lecture.keyboard.press("ArrowLeft")  # there is none before
    lecture.keyboard.press("ArrowRight")
    done(lecture, 2)
    box(lecture, "General").press("ArrowRight")
    done(lecture, 2)
    bar(lecture).focus()
    # Steps that are skipped do not hold up the one that is wanted.
    for key in ("PageDown", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowLeft", "PageUp"):
        lecture.keyboard.press(key)
    done(lecture, 4)
    expect(frames(lecture)).to_have_count(8)
    lecture.keyboard.press("Escape")
    expect(bar(lecture)).to_be_hidden()


def test_the_bar_is_above_maps_that_fill_the_screen_and_another_tab_ends_that(lecture):
    begin(lecture)
    lecture.get_by_role("button", name="Full screen", exact=True).click()
    lecture.get_by_role("button", name="Leave full screen").wait_for()
    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 2)
    expect(frames(lecture)).to_have_count(4)
    stage = lecture.locator("#maps .stage")
    window = lecture.evaluate("({ x: 0, y: 0, width: innerWidth, height: innerHeight })")
    assert stage.bounding_box() == window
    stage.evaluate("stage => stage.scrollTo(0, 1e6)")
    lowest = frames(lecture).last.bounding_box()
    assert lowest["y"] + lowest["height"] <= bar(lecture).bounding_box()["y"]
    for _ in range(3):
        bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 5)
    expect(lecture.locator("#words .readings figure")).to_have_count(3)
    assert lecture.evaluate("document.fullscreenElement") is None

    bar(lecture).get_by_role("button", name="Previous").click()
    done(lecture, 4)
    lecture.get_by_role("button", name="Full screen", exact=True).click()
    lecture.get_by_role("button", name="Leave full screen").wait_for()
    bar(lecture).get_by_role("button", name="Leave").click()
    expect(lecture.get_by_role("button", name="Lecture: six steps")).to_be_focused()
    expect(lecture.locator("#maps .welcome")).to_be_visible()


def test_leaving_ends_what_is_still_computed(lecture, monkeypatch):
    steps = Steps()
    monkeypatch.setattr(Refusing, "predict", steps("predict", Refusing.predict))
    lecture.get_by_role("button", name="Lecture: six steps").click()
    assert steps.reached.wait(PATIENCE / 1000)
    bar(lecture).get_by_role("button", name="Leave").click()
    lecture.wait_for_timeout(1000)  # until the engine knows of it
    steps.go_on.set()
    lecture.wait_for_timeout(1000)
    expect(lecture.locator("#maps .welcome")).to_be_visible()
    expect(frames(lecture)).to_have_count(0)


def test_what_a_class_marked_before_the_lecture_stays(lecture):
    lecture.get_by_role("tab", name="Your gaze").click()
    lecture.get_by_role("button", name="Cows").click()
    mark(lecture)
    shown = lecture.locator("#gaze-stage .picture").get_attribute("src")
    begin(lecture)
    for number in range(2, 7):
        lecture.keyboard.press("ArrowRight")
        expect(bar(lecture)).to_contain_text(f"Step {number} of 6")
    done(lecture, 6, KEPT)
    bar(lecture).get_by_role("button", name="Leave").click()
    expect(bar(lecture)).to_be_hidden()
    expect(lecture.get_by_role("table", name="Fixations so far")).to_contain_text("Person 1")
    assert lecture.locator("#gaze-stage .picture").get_attribute("src") == shown


def test_the_marks_of_a_class_stay_when_the_lecture_goes_back_and_on(lecture):
    begin(lecture)
    for number in range(2, 7):
        lecture.keyboard.press("ArrowRight")
        expect(bar(lecture)).to_contain_text(f"Step {number} of 6")
    done(lecture, 6)
    mark(lecture, "I have read it")
    bar(lecture).get_by_role("button", name="Previous").click()
    done(lecture, 5)
    bar(lecture).get_by_role("button", name="Next").click()
    done(lecture, 6, KEPT)
    expect(lecture.get_by_role("table", name="Fixations so far")).to_contain_text("Person 1")


def test_on_a_phone_the_bar_covers_neither_maps_nor_the_end(lecture):
    lecture.set_viewport_size({"width": 390, "height": 844})
    begin(lecture)
    frame = frames(lecture).first
    frame.scroll_into_view_if_needed()
    top = bar(lecture).bounding_box()["y"]
    assert top > 844 / 2
    assert frame.bounding_box()["y"] + frame.bounding_box()["height"] <= top
    assert lecture.evaluate("document.documentElement.scrollWidth") <= 390
    lecture.keyboard.press("End")
    lecture.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    end = lecture.locator("footer").last.bounding_box()
    assert end["y"] + end["height"] <= bar(lecture).bounding_box()["y"] + 1


@pytest.mark.parametrize(("width", "height"), [(1366, 768), (1280, 720), (390, 844)])
def test_the_bar_covers_none_of_the_stages_buttons(browser, lecture_address, width, height):
    with visiting(browser, lecture_address) as visit:
        page = visit(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.evaluate("location.hash = 'lecture=6'")
        done(page, 6)
        score = page.get_by_role("button", name="Score the models")
        mark(page, "I have read it")
        box = score.bounding_box()
        assert box["y"] + box["height"] <= bar(page).bounding_box()["y"]
        assert page.locator("#gaze-stage .screen").bounding_box()["y"] >= 0
