"""axe-core on every tab, wide and narrow, light and dark: no serious or critical violation; keys; and what a finger
hits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from saliency.ui.builder import TABS
from saliency.ui.shared import texts
from tests.browser.axe import COLOURS, violations
from tests.browser.conftest import visiting

pytestmark = pytest.mark.browser


@pytest.fixture(params=[(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)], ids=str)
def looked_at(request, browser, address) -> Iterator[tuple[Page, tuple[str, ...]]]:
    """The app, light and dark, wide and narrow; and the rules to be checked: dark differs from light in its colours."""
    scheme, width = request.param
    with visiting(browser, address) as visit:
        page = visit(viewport={"width": width, "height": 844}, color_scheme=scheme)
        yield page, COLOURS if scheme == "dark" else ()


def test_no_tab_has_a_serious_violation(looked_at):
    page, rules = looked_at
    for name in TABS:
        page.get_by_role("tab", name=texts.section("app")[name]["en"], exact=True).click()
        page.get_by_role("tabpanel").first.wait_for()
        page.wait_for_timeout(500)  # what it has is drawn
        assert violations(page, *rules) == [], name


def test_the_lecture_has_no_serious_violation(looked_at):
    page, rules = looked_at
    page.get_by_role("button", name="Lecture: six steps").click()
    bar = page.get_by_role("region", name="Lecture", exact=True)
    expect(bar).to_contain_text("Step 1 of 6")
    page.wait_for_timeout(500)  # colours fade in
    assert violations(page, *rules) == [], "while it is computed"
    expect(bar.get_by_role("status")).to_have_text("")
    expect(page.locator("#maps .frame")).to_have_count(1)
    page.wait_for_timeout(500)  # what was dimmed while it was computed fades in
    assert violations(page, *rules) == []


def test_a_comparison_has_no_serious_violation(page):
    page.get_by_role("button", name="Cows").first.click()
    expect(page.locator("#maps .frame")).to_have_count(12)
    page.locator("#maps summary").click()
    assert violations(page) == []
    page.locator("#maps .frame").first.press("Enter")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_timeout(500)
    assert violations(page) == []


def test_arrow_keys_go_from_tab_to_tab_and_around(page):
    names = [texts.section("app")[name]["en"] for name in TABS]
    page.get_by_role("tab", name=names[0], exact=True).focus()
    arrows = [("ArrowRight", 1), ("ArrowLeft", 0), ("ArrowLeft", -1), ("ArrowRight", 0)]
    for key, at in (*arrows, ("End", -1), ("Home", 0)):
        page.keyboard.press(key)
        tab = page.get_by_role("tab", name=names[at], exact=True)
        expect(tab).to_be_focused()
        expect(tab).to_have_attribute("aria-selected", "true")
    page.get_by_role("textbox", name="General").press("ArrowRight")  # a key of its own
    expect(page.get_by_role("tab", name=names[0], exact=True)).to_have_attribute("aria-selected", "true")


# Heights of what is to be pressed; a label is pressed for its box. The words of a sentence stand as close as in a text.
SMALL_TARGETS = """() => [...document.querySelectorAll("button, select, input, summary, [role=tab]")]
    .map((control) => [control, (control.closest("label") ?? control).getBoundingClientRect()])
    .filter(([control, { width, height }]) => width > 1 && height > 1 && height < 40 && control.checkVisibility())
    .map(([control, { height }]) => `${height}: ${control.outerHTML.slice(0, 120)}`)"""


def test_on_a_phone_every_tab_is_visible_and_every_control_is_large_enough_to_touch(browser, address):
    with visiting(browser, address) as visit:
        page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
        page.get_by_role("button", name="Cows").first.click()
        expect(page.locator("#maps .frame")).to_have_count(12)
        for name in TABS:
            page.get_by_role("tab", name=texts.section("app")[name]["en"], exact=True).click()
            page.get_by_role("tabpanel").first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, name
            assert page.evaluate(SMALL_TARGETS) == [], name
