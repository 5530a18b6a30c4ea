"""The app in a Chinese browser: no sentence of it is in English, whatever the visitor does."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from saliency.models.registry import OTHERS, REGISTRY
from saliency.ui.builder import TABS
from saliency.ui.shared import texts
from saliency.ui.shared.examples import examples
from tests.browser.conftest import visiting

pytestmark = pytest.mark.browser

# What is to be read or heard: text, and the attributes that stand for one. Code and what people wrote is left out.
SHOWN = """() => {
  const apart = "script, style, noscript, pre, code, textarea, .sentence";
  const visible = [...document.querySelectorAll("body *")].filter((e) => e.checkVisibility() && !e.closest(apart));
  return visible.flatMap((e) => [
    ...[...e.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE).map((n) => n.textContent.trim()),
    ...["aria-label", "title", "placeholder"].map((name) => e.getAttribute(name) || ""),
  ]);
}"""
ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z-]+,?){2,}")

# Papers have the titles they have. The others are Gradio's, which it does not translate.
GRADIOS = {"Capture from camera", "Paste from clipboard", "Gradio footer navigation"}
AS_IT_IS = {spec.paper for spec in (*REGISTRY.values(), *OTHERS.values())} | GRADIOS
READ = {sentence for e in examples() for sentence in (e.general, e.salient, e.non_salient)}


def english(page: Page) -> list[str]:
    """Three words of English or more in a row."""
    return [text for text in page.evaluate(SHOWN) if ENGLISH.search(text) and text not in AS_IT_IS | READ]


@pytest.fixture
def chinese(browser, address):
    with visiting(browser, address) as visit:
        page = visit(locale="zh-CN")
        expect(page.get_by_role("heading", level=1)).to_have_text("读过一句话之后，人们会看向哪里？")
        yield page


def test_no_tab_has_an_english_sentence(chinese):
    for name in TABS:
        chinese.get_by_role("tab", name=texts.section("app")[name]["zh"], exact=True).click()
        chinese.get_by_role("tabpanel").first.wait_for()
        chinese.wait_for_timeout(500)
        assert english(chinese) == [], name
    assert chinese.evaluate("document.documentElement.lang") == "zh"
    assert chinese.title() == "文本引导的视觉注意"
    assert "__i18n__" not in chinese.locator("body").inner_text()


def test_a_comparison_its_notice_and_its_error_are_in_chinese(chinese):
    chinese.get_by_role("button", name="水獭").first.click()
    expect(chinese.locator("#maps .frame")).to_have_count(12)
    chinese.locator("#maps summary").click()
    assert english(chinese) == []
    chinese.get_by_text("与人们实际注视的位置或物体掩膜比较").click()
    chinese.get_by_label("这些观看者读过的文本").click()
    expect(chinese.get_by_role("option", name="显著对象描述", exact=True)).to_be_visible()
    chinese.keyboard.press("Escape")
    announced = chinese.locator("[aria-live]").all_text_contents()
    assert not any(re.search(r"\b(common|status)\.\w", text) for text in announced)

    box = chinese.get_by_role("textbox", name=re.compile("^整体描述"))
    box.fill(" ".join(["word"] * 900))
    chinese.locator("#compare").click()
    expect(chinese.locator("#maps .notices")).to_contain_text("900 个词中只读了前")
    box.fill("x" * 5001)
    chinese.locator("#compare").click()
    expect(chinese.get_by_test_id("toast-body")).to_contain_text("“整体描述”的句子超过 5000 个字符。")
