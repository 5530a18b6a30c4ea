"""A class: a lecturer's page and its people's phones."""

from __future__ import annotations

import csv
import re

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import visiting

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
MARKUP = "<img src=x onerror=\"document.title='broken in'\">"


@pytest.fixture
def windows(browser, address):
    with visiting(browser, address) as visit:
        yield visit


@pytest.fixture
def lecturer(windows) -> Page:
    """A page with a class open on an example that is shown for a second."""
    page = windows(reduced_motion="reduce")
    page.get_by_role("tab", name="Your gaze").click()
    page.get_by_role("button", name="Cows", exact=True).locator("visible=true").click()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    page.get_by_label("The picture is shown for").select_option("1")
    page.get_by_role("textbox", name="Sentence to read first").fill("A red cup.")
    page.get_by_role("button", name="Let the class mark").click()
    panel(page).wait_for()
    return page


def panel(page: Page):
    return page.get_by_role("region", name="The class marks")


def results(page: Page):
    return page.locator("#class-view")


def invited(page: Page) -> str:
    """The address that the class is shown."""
    return "http://" + page.locator("#class-panel .address").inner_text()


@pytest.fixture
def phone(windows):
    """Opens a phone's page at an address."""

    def open_phone(url: str) -> Page:
        page = windows(**PHONE)
        page.goto("about:blank")  # a phone opens the app for the first time
        page.goto(url)
        return page

    return open_phone


def mark(page: Page, *places: tuple[float, float], name: str = "") -> None:
    page.get_by_role("textbox", name="Your name (optional)").fill(name)
    page.get_by_role("button", name="Start", exact=True).tap()
    page.get_by_role("button", name="I have read it").tap()
    status = page.locator("#class-stage .status")
    expect(status).to_contain_text("Now click or tap")
    screen = page.locator("#class-stage .screen")
    box = screen.bounding_box()
    for x, y in places:
        screen.tap(position={"x": x * box["width"], "y": y * box["height"]})


def hand_in(page: Page, count: int) -> None:
    page.get_by_role("button", name="Hand in my marks").tap()
    expect(page.locator("#class-stage .status")).to_contain_text(f"your marks are in ({count})")


def test_two_phones_mark_and_the_projector_shows_the_sum(lecturer, phone, tmp_path):
    url = invited(lecturer)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/#class=[A-Z]{6}", url)
    expect(panel(lecturer).get_by_role("img", name=f"QR code of {url.removeprefix('http://')}")).to_be_visible()
    image = cv2.imdecode(np.frombuffer(panel(lecturer).screenshot(), np.uint8), cv2.IMREAD_COLOR)
    assert cv2.QRCodeDetector().detectAndDecode(image)[0] == url
    expect(panel(lecturer)).to_contain_text("Phones cannot reach this address")  # the test's is this computer's own
    expect(panel(lecturer)).to_contain_text("0 people have marked")
    assert violations(lecturer) == []

    ann, nobody = phone(url), phone(url)
    mark(ann, (0.25, 0.5), (0.75, 0.75), name=MARKUP)
    assert ann.evaluate("document.documentElement.scrollWidth") <= 390
    hand_in(ann, 2)
    expect(panel(lecturer)).to_contain_text("1 person has marked")
    rows = results(lecturer).get_by_role("table", name="Which model knows where you look").locator("tbody tr")
    expect(rows).not_to_have_count(0)
    expect(results(lecturer)).to_contain_text("2 fixations of one person")
    expect(results(lecturer)).to_contain_text("Read before: “A red cup.”")

    top = lecturer.evaluate("scrollY")
    mark(nobody, (0.5, 0.25), (0.5, 0.5), (0.1, 0.9))
    hand_in(nobody, 3)
    expect(panel(lecturer)).to_contain_text("2 people have marked")
    expect(results(lecturer)).to_contain_text("5 fixations, 2 people")
    expect(results(lecturer).locator("figure").first.locator(".mark")).to_have_count(5)
    canvases = results(lecturer).locator("canvas")
    assert canvases.evaluate_all(
        "all => all.every(one => new Set(one.getContext('2d').getImageData(0, 0, one.width, 9).data).size > 9)"
    )
    assert lecturer.evaluate("scrollY") == top  # the code stays in sight
    assert violations(lecturer) == []

    nobody.reload()  # is the same participant, with the marks made before
    expect(nobody.locator("#class-stage .status")).to_contain_text("are back (3)")
    mark(nobody, (0.9, 0.1))
    hand_in(nobody, 4)
    expect(results(lecturer)).to_contain_text("6 fixations, 2 people")
    assert "broken" not in lecturer.title()

    lecturer.get_by_role("checkbox", name="Show the results as they come").uncheck()
    expect(rows.first).to_be_hidden()
    with lecturer.expect_download() as download:
        lecturer.get_by_role("button", name="Save everybody’s fixations").click()
    download.value.save_as(tmp_path / "class.csv")
    with (tmp_path / "class.csv").open(newline="") as file:
        saved = list(csv.DictReader(file))
    assert [row["participant"] for row in saved] == [MARKUP[:40].strip()] * 2 + ["2"] * 4
    assert [row["round"] for row in saved] == ["1"] * 5 + ["2"]
    # cows.jpg has 880 x 660 pixels; a finger's place is known to a pixel of the screen.
    assert abs(int(saved[0]["x"]) - 220) <= 4
    assert abs(int(saved[0]["y"]) - 330) <= 4

    lecturer.once("dialog", lambda dialog: dialog.accept())
    lecturer.get_by_role("button", name="End the class").click()
    expect(panel(lecturer)).to_be_hidden()
    expect(results(lecturer)).to_be_hidden()
    ann.get_by_role("button", name="Hand in my marks").tap()
    expect(ann.locator("#class-stage .status")).to_contain_text("There is no class with this code: it has ended")


def test_a_code_of_no_class_gets_a_sentence_and_another_one_can_be_typed(lecturer, phone):
    page = phone(re.sub("class=.*", "class=NOCODE", invited(lecturer)))
    expect(page.locator("#class-visit")).to_contain_text("There is no class with this code")
    expect(page.get_by_role("button", name="Start", exact=True)).to_have_count(0)
    assert violations(page) == []
    page.get_by_role("textbox", name="Code").fill(invited(lecturer)[-6:].lower())
    page.get_by_role("button", name="Join").tap()
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()


def test_who_takes_part_sees_the_class_alone_and_others_nothing_of_it(lecturer, phone):
    page = phone(invited(lecturer))
    start = page.get_by_role("button", name="Start", exact=True)
    expect(start).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.get_by_role("heading", name="Where do you look?")).to_have_count(1)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.reload()
        expect(start).to_be_visible()
        page.wait_for_timeout(500)  # colours fade in
        assert violations(page) == [], scheme
    assert page.evaluate("location.hash").startswith("#class=")
    low = page.locator("#class-page").locator("button, input").locator("visible=true")
    assert min(low.evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")) >= 40
    assert page.locator("#class-stage .actions").bounding_box()["y"] < 844
    expect(lecturer.locator("#class-page")).to_be_hidden()


def test_a_second_class_is_not_opened_over_the_first(lecturer):
    shown = invited(lecturer)
    lecturer.get_by_role("button", name="Let the class mark").click()
    expect(lecturer.locator("#gaze-stage .status")).to_contain_text("A class is open already")
    assert invited(lecturer) == shown
