"""The button that describes the picture: it fills the general sentence, which may be undone and edited."""

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


class Describing(Predictor):
    """Says the same of every picture."""

    captioner = property(lambda self: checkpoints.read_card("reader", self._directory))

    def caption(self, picture):
        open_picture(picture)
        identity = CheckpointIdentity("captioner", None, "captioner", "compact")
        return Caption(SAID, ((0, 1),), np.ones((1, 1, 1), np.float32), -1.0, (1, 1), identity)


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
