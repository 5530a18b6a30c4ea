"""The Words tab as a person uses it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from saliency.predictor import Predictor
from saliency.ui.words.word_view import WordView
from saliency.ui.words.words_tab import answer
from tests.browser.alone import alone
from tests.pictures import COFFEE

pytestmark = pytest.mark.browser


@pytest.fixture
def words(page: Page) -> Page:
    page.get_by_role("tab", name="Words").click()
    sentence(page).wait_for()
    return page


def sentence(page: Page):
    return page.get_by_role("textbox", name="Sentence")


def ask(page: Page, written: str, model: str) -> None:
    page.locator("#words-picture input[type=file]").set_input_files(COFFEE)
    page.locator("#words-picture img").wait_for()
    page.get_by_role("radio", name=model).check()
    sentence(page).fill(written)
    sentence(page).press("Enter")
    page.locator("#words .result").wait_for()


def choices(page: Page):
    return page.get_by_role("radiogroup", name="Words of the sentence").get_by_role("radio")


def large(page: Page) -> list[str]:
    return page.locator("#words .readings canvas.map").evaluate_all(
        "canvases => canvases.map(canvas => canvas.toDataURL())"
    )


def test_an_example_word_by_word_with_mouse_and_keys_and_no_request(words):
    words.get_by_role("button", name="Cows").click()
    words.locator("#words .result").wait_for()
    assert sentence(words).input_value() == "There is a black and white cow."
    expect(choices(words)).to_have_count(7)
    moves = [float(re.search(r"moves ([\d.]+)%", reported)[1]) for reported in choices(words).all_text_contents()]
    assert moves.index(max(moves)) == [one.get_attribute("aria-checked") for one in choices(words).all()].index("true")

    requests = []
    words.on("request", lambda request: requests.append(request.url))
    choices(words).nth(3).click()
    assert words.locator("#words .readings figure").count() == 3
    expect(words.get_by_text("What it takes the whole sentence to be about")).to_be_visible()
    expect(words.get_by_text("Half of this map lies on")).to_be_visible()
    expect(words.get_by_role("img", name="Where “black” points").first).to_be_visible()
    expect(words.get_by_role("img", name="What “black” changes").first).to_be_visible()
    black = large(words)
    words.keyboard.press("ArrowRight")
    focused = words.locator(":focus")
    assert focused.get_attribute("aria-checked") == "true"
    assert re.fullmatch(r"and, weight [\d.]+%, moves [\d.]+%", focused.text_content())
    changed = [before != after for before, after in zip(black, large(words), strict=True)]
    assert changed == [True, True, False], "what the sentence is about stays"
    words.keyboard.press("End")
    words.keyboard.press("ArrowDown")  # around
    assert words.locator(":focus").text_content().startswith("There,")
    assert choices(words).evaluate_all("all => all.filter((one) => one.tabIndex === 0).length") == 1

    first = large(words)
    words.locator("#words").get_by_role("slider", name="Opacity").fill("20")
    assert large(words) != first
    words.locator("#words .tile").nth(2).click()
    assert choices(words).nth(2).get_attribute("aria-checked") == "true"
    assert requests == []


def test_markup_stays_text_and_one_reading_says_why(words):
    markup = "<img src=x onerror=\"document.title='broken in'\"> <b>cup</b>"
    ask(words, markup, "CLIP-SalGAN")
    expect(words.get_by_text("CLIP-SalGAN has no map of its own for each word")).to_be_visible()
    assert words.locator("#words .readings figure").count() == 1
    shown = words.locator("#words .sentence").evaluate(
        "(part) => { const copy = part.cloneNode(true);"
        " copy.querySelectorAll('.visually-hidden').forEach((one) => one.remove()); return copy.textContent; }"
    )
    assert shown == markup
    assert words.locator("#words img, #words b, #words script").count() == 0
    assert words.title() == "Text-guided visual attention"


def test_unread_words_are_struck_out(words):
    ask(words, "😀 " + "cup " * 140, "CLIP-SalGAN")
    expect(words.get_by_text("The sentence is too long for CLIP-SalGAN")).to_be_visible()
    struck = words.locator("#words .unread").inner_text().split()
    assert set(struck) == {"cup"}
    assert len(struck) + choices(words).count() in (140, 141)  # the emoji is a word only for who reads it


def test_unknown_words_are_marked(words):
    ask(words, "cup 只 在", "TranBlend")
    expect(words.get_by_text("2 of 3 words are unknown to TranBlend")).to_be_visible()
    marked = words.locator("#words .unknown")
    assert [part.split(",")[0] for part in marked.all_text_contents()] == ["只", "在"]
    assert all("unknown to this model" in part for part in marked.all_text_contents())
    assert "wavy" in marked.first.evaluate("(part) => getComputedStyle(part).textDecoration")


def test_no_word_moves_a_text_blind_model(words):
    ask(words, "A red cup", "TranSalNet")
    expect(words.get_by_text("no word moves its map")).to_be_visible()
    assert choices(words).count() == 0
    assert words.locator("#words .readings figure").count() == 1


def test_the_tab_takes_over_what_compare_has(page):
    page.locator("#picture input[type=file]").set_input_files(COFFEE)
    page.locator("#picture img").wait_for()
    page.get_by_role("textbox", name=re.compile("^Salient")).fill("A red cup")
    page.get_by_role("tab", name="Words").click()
    page.locator("#words-picture img").wait_for()
    expect(sentence(page)).to_have_value("A red cup")


def test_mistakes_are_reported_in_a_sentence(words):
    words.get_by_role("button", name="Show what each word does").click()
    expect(words.get_by_text("No picture was given.")).to_be_visible()
    words.locator("#words-picture input[type=file]").set_input_files(COFFEE)
    words.locator("#words-picture img").wait_for()
    sentence(words).fill("x" * 5_001)
    words.get_by_role("button", name="Show what each word does").click()
    expect(words.get_by_text("at most 5,000 are read")).to_be_visible()


def test_on_a_phone_nothing_scrolls_sideways(words):
    words.set_viewport_size({"width": 390, "height": 800})
    ask(words, "Red cup", "CLIP-SalGAN")
    assert words.evaluate("document.documentElement.scrollWidth") <= 390
    assert words.locator("#words .readings canvas.map").first.bounding_box()["width"] > 300


def test_words_are_tinted_by_what_they_move_and_by_their_weight_on_request(browser, miniatures):
    made = answer(Predictor(checkpoint_dir=miniatures), np.zeros((60, 90, 3), np.uint8), "a dog is here", "reader")
    for word, strength, weight in zip(made["words"], (0.0, 0.2, 0.01, 0.1), (0.4, 0.2, 0.3, 0.1), strict=True):
        word |= {"strength": strength, "weight": weight}

    with alone(browser, WordView(), value=made) as page:
        expect(choices(page)).to_have_count(4)

        def tints() -> list[float]:
            shares = "all => all.map((one) => Number(one.style.getPropertyValue('--share')))"
            return choices(page).evaluate_all(shares)

        assert tints() == pytest.approx([0, 1, 0.05, 0.5])
        assert "the more of the gaze it moves" in page.locator(".hint").inner_text()
        page.locator("[name=tint]").select_option("weight")
        assert tints() == pytest.approx([1, 0.5, 0.75, 0.25])
        assert "the more it counts in the sentence" in page.locator(".hint").inner_text()
        made["model"]["word_maps"] = False
        page.evaluate("view => send(view)", made)
        expect(page.locator("[name=tint]")).to_be_hidden()
        assert tints() == pytest.approx([0, 1, 0.05, 0.5])


BLANK = """canvases => canvases.some((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return pixels.every((byte) => byte === 0);
})"""


def test_a_shorter_sentence_after_a_longer_one_is_drawn(browser, miniatures):
    predictor = Predictor(checkpoint_dir=miniatures)
    picture = np.zeros((60, 90, 3), np.uint8)
    with alone(browser, WordView()) as page:
        for written in ("a dog and a cat play under trees", "a dog"):
            page.evaluate("view => send(view)", answer(predictor, picture, written, "reader"))
            expect(choices(page)).to_have_count(len(written.split()))
            assert not page.locator("figure canvas").evaluate_all(BLANK)
            checked = choices(page).evaluate_all("all => all.map((one) => one.getAttribute('aria-checked'))")
            assert checked.count("true") == 1
            choices(page).last.click()
