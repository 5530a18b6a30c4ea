"""The Models tab as a person uses it."""

from __future__ import annotations

from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from saliency import checkpoints

pytestmark = pytest.mark.browser


def test_each_checkpoint_has_a_card_and_its_speed_is_measured_at_a_click(page):
    page.get_by_role("tab", name="Models").click()
    cards = checkpoints.available()
    shown = page.locator("#models article")
    expect(shown).to_have_count(len(cards))
    for number, card in enumerate(cards):
        article = shown.nth(number)
        expect(article).to_contain_text(card.sha256)
        expect(article).to_contain_text(card.licence)
        score = card.metrics["validation"]["pure"]["CC"]
        expect(article).to_contain_text(f"{score.mean:.3f}{score.low:.3f}–{score.high:.3f}")
        if card.recipe and "start" not in card.recipe:
            expect(article.get_by_role("listitem").filter(has_text="random weights")).to_have_count(1)
        for part in card.parts:
            expect(article.locator("pre")).to_contain_text(f'"{part}": {{')
    assert any(card.parts for card in cards)
    assert any("start" not in card.recipe for card in cards)
    first = shown.first
    first.get_by_role("button", name="Measure now").click()
    expect(first).to_contain_text("measured just now")
    expect(first.locator(".measured")).to_contain_text("threads, computing in")


@pytest.mark.parametrize("width", [1000, 1092, 1219, 1220, 1366])
def test_no_score_is_cut_off_in_a_window_that_has_room_for_all(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    page.get_by_role("tab", name="Models").click()
    page.locator("#models article .scroll").first.wait_for()
    hidden = page.locator("#models .scroll").evaluate_all("all => all.map((one) => one.scrollWidth - one.clientWidth)")
    assert max(hidden) <= 0


def test_a_measurement_can_be_stopped(page):
    page.get_by_role("tab", name="Models").click()
    first = page.locator("#models article").first
    first.get_by_role("button", name="Measure now").click()
    first.get_by_role("button", name="Stop").click()
    expect(first.get_by_role("status")).to_have_text("Stopped.")
    expect(first.get_by_role("button", name="Measure now")).to_be_enabled()
    assert first.locator(".measured").inner_text() == ""


def test_how_far_a_measurement_is_has_the_colour_of_the_theme(page):
    page.get_by_role("tab", name="Models").click()
    bar = page.locator("#models progress").first
    bar.evaluate("bar => { bar.hidden = false; bar.value = 0.5; }")
    picture = Image.open(BytesIO(bar.screenshot())).convert("RGB")
    done, left = (picture.getpixel((int(share * picture.width), picture.height // 2)) for share in (0.25, 0.75))
    assert done == (0x2F, 0x58, 0x90)
    assert left == (0xE4, 0xE1, 0xDA)
