"""What the page opens with: a finished comparison, unless somebody has begun with anything."""

from __future__ import annotations

import threading

import pytest
from playwright.sync_api import Page, expect

from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.compare.first_sight import FirstSight
from saliency.ui.shared.examples import examples
from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE, visiting
from tests.browser.test_compare import box
from tests.browser.test_lecture import bar, begin
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

OTTERS = examples()[0]


@pytest.fixture(scope="module")
def opening_address(tmp_path_factory):
    """The app on three models in miniature, of which one cannot read."""
    folder = tmp_path_factory.mktemp("tiny")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SALIENCY_CACHE", str(tmp_path_factory.mktemp("cache")))
        with (
            in_miniature(folder),
            serving(lambda: build(Predictor(checkpoint_dir=folder), opening=OTTERS)) as address,
        ):
            yield address


@pytest.fixture
def visit(browser, opening_address):
    with visiting(browser, opening_address) as visit:
        yield visit


def opening(page: Page):
    return page.get_by_role("region", name="Example", exact=True)


def frames(page: Page):
    return page.locator("#maps .frame")


def outdated(page: Page):
    return page.locator("#maps .outdated-note:not(:empty)")


def visit_at(visit, address: str, link: str) -> Page:
    page = visit()
    expect(frames(page)).to_have_count(8)  # leaving earlier, Gradio complains
    page.goto("about:blank")
    page.goto(f"{address}#{link}")
    return page


def test_the_page_opens_with_a_comparison_in_its_fields(visit):
    page = visit(reduced_motion="reduce")
    expect(frames(page)).to_have_count(8)  # of two models, and four readings
    expect(opening(page).get_by_role("status")).to_contain_text("One picture, three sentences: after “")
    expect(opening(page).locator("canvas")).to_have_count(4)
    expect(box(page, "Salient")).to_have_value(OTTERS.salient)
    expect(page.get_by_role("button", name="Download everything")).to_be_visible()
    page.wait_for_timeout(600)  # it would be marked by now
    expect(outdated(page)).to_have_count(0)
    assert page.evaluate("scrollY") == 0
    assert page.evaluate("document.activeElement === document.body")
    assert opening(page).bounding_box()["y"] + opening(page).bounding_box()["height"] < 900
    assert violations(page) == []

    opening(page).get_by_role("button", name="See all 8 maps").click()
    expect(page.get_by_role("region", name="Comparison")).to_be_focused()
    expect(frames(page).first).to_be_in_viewport()

    box(page, "Salient").fill("Another sentence.")
    expect(outdated(page)).to_be_visible()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(outdated(page)).to_have_count(0)
    expect(page.locator("#maps").get_by_text("Another sentence.", exact=True)).to_be_visible()
    expect(opening(page)).to_be_hidden()


def test_its_maps_can_be_taken_home(visit, tmp_path):
    page = visit()
    expect(frames(page)).to_have_count(8)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download everything").click()
    assert saved.value.suggested_filename == "saliency-comparison.zip"


LINKS = {
    "general=A+cup.": 0,
    "tab=words": 0,
    "example=Horses&general=A+hill.&salient=&non_salient=&models=reader": 2,
}


@pytest.mark.parametrize(("link", "count"), LINKS.items())
def test_a_link_is_not_written_over(visit, opening_address, link, count):
    page = visit_at(visit, opening_address, link)
    page.wait_for_timeout(2000)
    expect(frames(page)).to_have_count(count)
    expect(opening(page)).to_be_hidden()
    assert not page.locator(f"text={OTTERS.salient}").count()


def test_the_lecture_gives_back_the_fields(visit):
    page = visit()
    expect(frames(page)).to_have_count(8)
    begin(page)
    expect(frames(page)).to_have_count(2)
    expect(opening(page)).to_be_hidden()
    bar(page).get_by_role("button", name="Leave").click()
    expect(box(page, "Salient")).to_have_value(OTTERS.salient)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(frames(page)).to_have_count(8)
    expect(outdated(page)).to_have_count(0)


def test_who_has_begun_keeps_their_own_and_waits_for_nothing(browser, tmp_path, monkeypatch):
    """The comparison comes late, because the models are busy with it for the first time."""
    go_on = threading.Event()
    computed = FirstSight._computed
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(FirstSight, "_computed", lambda self: go_on.wait(PATIENCE / 1000) and computed(self))
    with (
        in_miniature(tmp_path / "tiny") as folder,
        serving(lambda: build(Predictor(checkpoint_dir=folder), opening=OTTERS)) as address,
        visiting(browser, address) as visit,
    ):
        page, other = visit(), visit()
        expect(opening(page).get_by_role("status")).to_have_text("An example is being computed …")
        page.locator("[role=tabpanel]:visible .examples button").nth(2).click()
        expect(frames(page)).to_have_count(8)
        box(other, "General").fill("Mine.")
        go_on.set()
        expect(opening(other)).to_be_hidden()
        expect(opening(page)).to_be_hidden()
        expect(box(page, "Salient")).to_have_value(examples()[2].salient)
        expect(box(other, "General")).to_have_value("Mine.")
        expect(frames(other)).to_have_count(0)
