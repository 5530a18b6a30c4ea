"""Hostile pictures on the page: each ends in maps or in a sentence, and the app answers the next visitor."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.shared.guard import UNEXPECTED
from tests.browser.conftest import visiting
from tests.hostile_pictures import COSTLY, ODD
from tests.pictures import COFFEE
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

KINDS = {
    "2000 scans of 49 megapixels": "jpg",
    "a million comments": "jpg",
    "millions of empty extensions": "gif",
    "2 million strips": "tiff",
    "text that inflates": "png",
    "a PNG of 3600 megapixels": "png",
    "plain PPM": "ppm",
    "runs of one": "bmp",
    "SVG with a script": "svg",
    "a pickle": "png",
    "nothing": "jpg",
    "PNG of 1 x 20000": "png",
}


@pytest.fixture
def visit(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_READ_SECONDS", "0.5")
    with (
        in_miniature(tmp_path),
        serving(lambda: build(Predictor(["reader"], checkpoint_dir=tmp_path))) as address,
        visiting(browser, address) as visit,
    ):
        yield visit


def answered(page: Page) -> Locator:
    """The maps of the last comparison, or the sentence of the refusal."""
    return page.locator("#maps .frame").or_(page.get_by_test_id("toast-text")).first


def test_each_ends_in_maps_or_a_sentence_and_the_next_is_answered(visit, tmp_path):
    page = visit()
    for name, ending in KINDS.items():
        page.reload()
        file = tmp_path / f"picture.{ending}"
        file.write_bytes((COSTLY | ODD)[name]())
        page.locator("#picture input[type=file]").set_input_files(file)
        page.locator("#picture img").or_(page.get_by_test_id("toast-text")).first.wait_for()
        if page.get_by_test_id("toast-text").count() == 0:
            page.get_by_role("button", name="Compare", exact=True).click()
        expect(answered(page)).to_be_visible()
        for sentence in page.get_by_test_id("toast-text").all_inner_texts():
            assert re.fullmatch(r"[A-Z].+[.!]", sentence.strip(), re.DOTALL), (name, sentence)
            assert UNEXPECTED not in sentence, name
    page.reload()
    page.locator("#picture input[type=file]").set_input_files(COFFEE)
    page.locator("#picture img").wait_for()
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#maps .frame").first).to_be_visible()
    expect(page.get_by_test_id("toast-text")).to_have_count(0)
