"""Others are first: the page shows the place in the queue, and a full queue refuses with a sentence."""

from __future__ import annotations

import gradio as gr
import pytest
from playwright.sync_api import expect

from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.shared.guard import BUSY
from saliency.ui.shared.sentences import chinese
from tests.browser.conftest import PATIENCE
from tests.browser.steps import Steps
from tests.tiny import Tiny, in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("locale", "cows", "refusal"),
    [("en-GB", "Cows", BUSY), ("zh-CN", "奶牛", chinese()[BUSY])],
    ids=["English", "Chinese"],
)
def test_who_waits_sees_the_place_and_who_finds_no_place_a_sentence(
    browser, tmp_path, monkeypatch, locale, cows, refusal
):
    steps = Steps()
    monkeypatch.setattr(Tiny, "encode_image", steps("encode_image", Tiny.encode_image))
    built: list[gr.Blocks] = []

    def make() -> gr.Blocks:
        built.append(build(Predictor(checkpoint_dir=tmp_path)))
        return built[0]

    with in_miniature(tmp_path), serving(make) as address:
        pages = [browser.new_page(locale=locale) for _ in range(3)]
        for page in pages:
            page.set_default_timeout(PATIENCE)
            page.goto(address)
            page.locator("#picture").wait_for()
        first, second, third = (page.get_by_role("button", name=cows).first for page in pages)
        first.click()
        assert steps.reached.wait(PATIENCE / 1000)
        second.click()
        expect(pages[1].locator("#maps")).to_contain_text("queue: 1/1")  # Gradio's, untranslated
        monkeypatch.setattr(built[0]._queue, "max_size", 1)
        third.click()
        expect(pages[2].get_by_text(refusal)).to_be_visible()
        steps.go_on.set()
        expect(pages[1].locator("#maps .frame").first).to_be_visible()
        for page in pages:
            page.close()
