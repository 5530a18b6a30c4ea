"""The button that describes the picture: it fills the general sentence, which may be undone and edited.

The words of the description show where they come from.
"""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from saliency import checkpoints
from saliency.imaging import open_picture
from saliency.predictor import Predictor
from saliency.results import Caption, CheckpointIdentity
from saliency.ui import build
from tests.browser.conftest import visiting
from tests.browser.test_share import box
from tests.browser.test_undo import offer
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

SAID = "A brown dog runs."
SPANS = ((0, 1), (2, 7), (8, 11), (12, 16))
ATTENTION = np.zeros((4, 3, 3), np.float32)
for _word, _place in enumerate(((1, 1), (0, 0), (2, 2), (0, 2))):
    ATTENTION[_word][_place] = 1
ATTENTION[0] = 1 / 9  # the article comes from everywhere


class Describing(Predictor):
    """Says the same of every picture."""

    captioner = property(lambda self: checkpoints.read_card("captioner", checkpoints.SHIPPED))

    def caption(self, picture):
        shape = open_picture(picture).pixels.shape[:2]
        identity = CheckpointIdentity("captioner", None, "captioner", "compact")
        return Caption(SAID, SPANS, ATTENTION, -1.0, shape, identity)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    with in_miniature(tmp_path_factory.mktemp("tiny")) as folder:
        yield folder


@pytest.fixture
def app(browser, folder) -> Page:
    with (
        serving(lambda: build(Describing(checkpoint_dir=folder))) as address,
        visiting(browser, address) as visit,
    ):
        yield visit()


def choose(page: Page, path) -> None:
    Image.effect_noise((300, 200), 90).save(path)
    page.locator("#picture input[type=file]").set_input_files(path)
    page.locator("#picture img").wait_for()


def describe(page: Page) -> None:
    page.get_by_role("button", name="Describe the picture for me").click()


def test_the_general_sentence_is_filled_and_can_be_edited_and_undone(app, tmp_path):
    choose(app, tmp_path / "own.png")
    describe(app)
    expect(box(app, "General")).to_have_value(SAID)
    expect(offer(app)).to_be_hidden()
    box(app, "General").fill("A dog of mine.")
    describe(app)
    expect(box(app, "General")).to_have_value(SAID)
    expect(offer(app)).to_contain_text("The description took the place of your sentence.")
    offer(app).get_by_role("button", name="Undo").click()
    expect(box(app, "General")).to_have_value("A dog of mine.")
    expect(app.locator("#picture img")).to_be_visible()


def test_a_description_that_changes_nothing_leaves_nothing_to_undo(app, tmp_path):
    choose(app, tmp_path / "own.png")
    describe(app)
    expect(box(app, "General")).to_have_value(SAID)
    describe(app)
    app.wait_for_timeout(1000)
    box(app, "General").fill("A dog of mine.")
    app.wait_for_timeout(1000)
    expect(offer(app)).to_be_hidden()


def words(page: Page):
    return page.locator("#caption").get_by_role("radio")


def opener(page: Page):
    return page.locator("#caption summary", has_text="Where the words of the description come from")


def open_words(page: Page) -> None:
    opener(page).click()


def test_each_word_of_the_description_shows_where_it_comes_from(app, tmp_path):
    choose(app, tmp_path / "own.png")
    expect(opener(app)).to_be_hidden()
    describe(app)
    expect(box(app, "General")).to_have_value(SAID)
    open_words(app)
    expect(words(app)).to_have_count(4)
    expect(words(app).nth(1)).to_have_text("brown, comes most from the top left")
    shown = app.locator("#caption .readings canvas.map")
    expect(shown).to_have_count(1)
    drawn = []
    for number, label in ((1, "“brown” comes from"), (2, "“dog” comes from")):
        words(app).nth(number).click()
        expect(app.locator("#caption").get_by_role("img", name=label).first).to_be_visible()
        drawn.append(shown.evaluate("canvas => canvas.toDataURL()"))
    assert drawn[0] != drawn[1]
    expect(app.locator("#caption")).to_contain_text("it is no prediction of gaze")
    app.keyboard.press("ArrowRight")
    assert app.locator(":focus").text_content() == "runs, comes most from the top right"
    expect(app.locator("#caption .tint")).to_be_hidden()


def test_another_picture_takes_the_words_of_the_description_away(app, tmp_path):
    choose(app, tmp_path / "own.png")
    describe(app)
    expect(opener(app)).to_be_visible()
    app.locator(".examples button").first.click()
    expect(opener(app)).to_be_hidden()
    describe(app)
    open_words(app)
    expect(words(app)).to_have_count(4)


def test_without_a_picture_the_reason_is_said(app):
    describe(app)
    expect(app.get_by_text("No picture was given.")).to_be_visible()
    expect(box(app, "General")).to_have_value("")


def test_without_a_captioner_the_button_says_so(browser, folder):
    with (
        serving(lambda: build(Predictor(checkpoint_dir=folder))) as address,
        visiting(browser, address) as visit,
    ):
        button = visit().get_by_role("button", name="the captioner is not among the checkpoints")
        expect(button).to_be_disabled()
