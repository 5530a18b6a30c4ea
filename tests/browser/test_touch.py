"""The maps under fingers: touches are the browser's own input, so that it scrolls, zooms and cancels as on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import visiting

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def phone(browser, address):
    with visiting(browser, address) as visit:
        page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True, reduced_motion="reduce")
        page.get_by_role("button", name="Cows").first.click()
        expect(page.locator("#maps .frame")).to_have_count(12)
        page.wait_for_timeout(500)  # it is scrolled to the result
        yield page


@pytest.fixture
def fingers(phone):
    """Puts fingers on the second row's first map, in shares of its sides: `fingers(kind, *places)`."""
    frame = phone.locator("#maps .frame").nth(4)
    frame.evaluate("frame => frame.scrollIntoView({ block: 'center' })")
    area = resting(frame)
    browser = phone.context.new_cdp_session(phone)

    def dispatch(kind, *places):
        points = [
            {"x": area["x"] + x * area["width"], "y": area["y"] + y * area["height"], "id": number}
            for number, (x, y) in enumerate(places)
        ]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    yield dispatch
    phone.get_by_role("button", name="Show the whole picture").tap()
    browser.detach()


def resting(frame) -> dict[str, float]:
    """Where `frame` is once the page has come to rest, which takes a busy machine a while."""
    before, now = None, frame.bounding_box()
    while now != before:
        frame.page.wait_for_timeout(300)
        before, now = now, frame.bounding_box()
    return now


def view(page) -> list[float]:
    """How large everything is shown, and where the page is."""
    return page.evaluate("[visualViewport.scale, scrollX, scrollY]")


def zoom(page) -> str:
    return page.get_by_role("button", name="Show the whole picture").inner_text()


def pinch(fingers, middle=(0.5, 0.5), start=0.1, end=0.2):
    """Two fingers go apart, or together: shares of the width between each and the middle."""
    x, y = middle
    fingers("touchStart", (x - start, y))
    fingers("touchStart", (x - start, y), (x + start, y))
    for step in range(1, 9):
        apart = start + (end - start) * step / 8
        fingers("touchMove", (x - apart, y), (x + apart, y))
    fingers("touchEnd")


def drag(fingers, *places):
    fingers("touchStart", places[0])
    for place in places[1:]:
        fingers("touchMove", place)
    fingers("touchEnd")


def tap(fingers, *place):
    fingers("touchStart", place)
    fingers("touchEnd")


def test_two_fingers_zoom_every_map_and_nothing_else(phone, fingers):
    canvases = phone.locator("#maps .cell canvas")
    drawn, before = canvases.evaluate_all("all => all.map(canvas => canvas.toDataURL())"), view(phone)
    pinch(fingers)
    expect(phone.get_by_role("button", name="Show the whole picture")).to_have_text("200%")
    zoomed = canvases.evaluate_all("all => all.map(canvas => canvas.toDataURL())")
    assert all(old != new for old, new in zip(drawn, zoomed, strict=True))
    assert view(phone) == before
    pinch(fingers, start=0.2, end=0.1)
    assert zoom(phone) == "100%"
    assert canvases.evaluate_all("all => all.map(canvas => canvas.toDataURL())") == drawn


def test_what_is_between_the_fingers_stays_there(phone, fingers):
    tap(fingers, 0.3, 0.6)
    reported = phone.locator("#maps .reading").all_inner_texts()
    pinch(fingers, middle=(0.3, 0.6))
    assert zoom(phone) == "200%"
    tap(fingers, 0.3, 0.6)
    assert phone.locator("#maps .reading").all_inner_texts() == reported


def test_one_finger_moves_what_is_zoomed(phone, fingers):
    pinch(fingers)
    tap(fingers, 0.5, 0.5)
    reported = phone.locator("#maps .reading").all_inner_texts()
    before = view(phone)
    drag(fingers, (0.5, 0.5), (0.6, 0.5), (0.7, 0.5))
    assert view(phone) == before
    tap(fingers, 0.7, 0.5)
    assert phone.locator("#maps .reading").all_inner_texts() == reported


def test_a_tap_leaves_the_cross_hair_on_every_map_until_one_elsewhere(phone, fingers):
    marks = phone.locator("#maps .mark")
    tap(fingers, 0.25, 0.5)
    phone.wait_for_timeout(400)  # the mouse that browsers pretend after a tap
    assert marks.evaluate_all("marks => marks.every(mark => !mark.hidden && mark.style.left.startsWith('25'))")
    tap(fingers, 0.25, 1.7)  # the map below
    phone.wait_for_timeout(400)
    assert marks.evaluate_all("marks => marks.every(mark => !mark.hidden)")
    phone.locator("#maps .model").nth(1).tap()
    expect(marks.first).to_be_hidden()


def test_a_finger_draws_a_box_once_that_is_asked_for(phone, fingers):
    measure = phone.get_by_role("button", name="Measure a box")
    measure.evaluate("button => button.click()")  # where the page is scrolled to stays
    drag(fingers, (0.2, 0.2), (0.5, 0.5), (0.8, 0.8))
    shares = phone.locator("#maps .share")
    assert all(share.endswith("% in the box") for share in shares.all_inner_texts())
    tap(fingers, 0.5, 0.5)
    expect(shares.first).to_be_hidden()
    measure.evaluate("button => button.click()")


def test_a_finger_drags_the_line_between_before_and_after(phone):
    frame = phone.locator("#maps .frame").nth(5)
    frame.evaluate("frame => frame.scrollIntoView({ block: 'center', inline: 'center' })")
    resting(frame)
    phone.locator("#maps .enlarge").nth(5).tap()
    area = resting(frame)
    browser = phone.context.new_cdp_session(phone)
    y = area["y"] + area["height"] / 2
    for kind, shares in (("touchStart", [0.02]), ("touchMove", [0.3]), ("touchMove", [0.5]), ("touchEnd", [])):
        points = [{"x": area["x"] + share * area["width"], "y": y} for share in shares]
        browser.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    browser.detach()
    assert abs(int(phone.get_by_role("slider", name="How much of the left side").input_value()) - 50) <= 2
    phone.get_by_role("button", name="All maps").tap()


def test_one_finger_on_a_whole_picture_scrolls_the_page_and_marks_nothing(phone, fingers):
    before = phone.evaluate("scrollY")
    drag(fingers, (0.5, 0.9), (0.5, 0.5), (0.5, 0.0), (0.5, -0.5))
    phone.wait_for_timeout(400)
    assert phone.evaluate("scrollY") > before + 50
    assert not phone.locator("#maps .mark").first.is_visible()


def test_headings_stay_above_their_columns_and_nothing_scrolls_down_but_the_page(phone):
    frame = phone.locator("#maps .frame").nth(10)  # of the last row, its third column
    frame.evaluate("frame => frame.scrollIntoView({ block: 'center', inline: 'center' })")
    column = resting(frame)
    heading = phone.locator("#maps .headings .condition").nth(2).bounding_box()
    assert heading["y"] >= 0
    assert heading["y"] + heading["height"] < column["y"]
    assert abs(heading["x"] - column["x"]) < 1
    tall = "all => all.filter(each => each.scrollHeight > each.clientHeight + 1 && each.clientHeight > 300)"
    boxes = phone.locator("#maps .stage *").evaluate_all(f"({tall})")
    assert boxes == []
