"""Baselines without weights on the page."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from saliency.models.registry import OTHERS, spec
from saliency.predictor import Predictor
from saliency.ui import build
from tests.browser.conftest import visiting
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

MODELS = ["clip_salgan", "centre_prior", "spectral_residual", "fine_grained"]


@pytest.fixture(scope="module")
def visit(browser):
    with serving(lambda: build(Predictor(MODELS))) as address, visiting(browser, address) as visit:
        yield visit


def test_a_baseline_is_compared_where_it_is_chosen_and_its_link_brings_it_back(visit):
    page = visit()
    box = page.get_by_role("checkbox", name="Spectral residual").first
    expect(box).not_to_be_checked()
    expect(page.get_by_role("checkbox", name="CLIP-SalGAN").first).to_be_checked()
    expect(page.get_by_text("text-blind baseline without weights").first).to_be_visible()
    box.check()
    page.get_by_role("button", name="Otters").first.click()
    expect(page.locator("#maps .frame")).to_have_count(8)
    expect(page.locator("#maps .provenance")).to_contain_text(
        "Spectral residual: spectral_residual, compact, without weights"
    )
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    page.get_by_role("button", name="Copy link").click()
    url = page.get_by_role("textbox", name="Link to these sentences").input_value()
    other = visit()
    other.goto("about:blank")
    other.goto(url)
    expect(other.locator("#maps .frame")).to_have_count(8)
    expect(other.get_by_role("checkbox", name="Spectral residual").first).to_be_checked()
    expect(other.get_by_role("checkbox", name="Fine grained").first).not_to_be_checked()


def test_its_card_says_that_there_are_no_weights(visit):
    page = visit()
    page.get_by_role("tab", name="Models").click()
    articles = page.locator("#models article")
    expect(articles).to_have_count(len(MODELS) + len(OTHERS))
    for number, name in enumerate(MODELS[1:], start=1):
        article = articles.nth(number)
        expect(article).to_contain_text(spec(name).summary.en)
        expect(article).to_contain_text("code MIT; no weights")
        expect(article).to_contain_text("nothing: it is a formula without weights")
        expect(article).to_contain_text("their own size, at most 1024 × 1024")
        expect(article.locator("pre")).to_have_count(0)
    rows = page.locator("#model-scores tbody tr")
    expect(rows).to_have_count(len(MODELS))
    expect(rows.nth(1).locator("td").nth(-2)).to_have_text("–")
    first = articles.nth(1)
    first.get_by_role("button", name="Measure now").click()
    expect(first).to_contain_text("measured just now")
