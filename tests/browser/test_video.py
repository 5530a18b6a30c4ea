"""The Video tab in a browser: a clip becomes a video that plays, a long one is cancelled, and the camera runs live."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from saliency.predictor import Predictor
from saliency.ui import build
from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE
from tests.browser.steps import Steps
from tests.tiny import Tiny, in_miniature
from tests.ui.serving import serving
from tests.video import clips

pytestmark = pytest.mark.browser

# The least and the largest opacity of a canvas's pixels, of 255.
ALPHAS = """canvas => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const alphas = data.filter((_, i) => i % 4 === 3);
    return [Math.min(...alphas), Math.max(...alphas)];
}"""


@pytest.fixture
def address(tmp_path):
    """The app on three models in miniature that remember nothing of other tests."""
    with in_miniature(tmp_path), serving(lambda: build(Predictor(checkpoint_dir=tmp_path))) as address:
        yield address


@pytest.fixture
def clip(tmp_path):
    return clips.write(tmp_path / "clip.mp4", 20, sound="aac")


def opened(page, clip=None):
    page.get_by_role("tab", name="Video", exact=True).click()
    if clip:
        page.locator("#clip-input input[type=file]").set_input_files(clip)
        page.locator("#clip-input video").wait_for()
    return page


def draw(page):
    return page.get_by_role("button", name="Draw the maps")


def test_a_clip_becomes_a_video_that_plays(visit, clip):
    page = opened(visit(), clip)
    expect(page.get_by_label("Trim video")).to_be_hidden()
    draw(page).click()
    video = page.locator("#clip video")
    expect(video).to_be_visible()
    expect(page.locator("#clip .numbers")).to_contain_text("20 frames of 64 × 48 pixels in 2.0 s; 10 maps, ")
    page.wait_for_function("document.querySelector('#clip video').readyState >= 2")
    assert video.evaluate("video => [video.videoWidth, video.videoHeight, video.error]") == [64, 48, None]
    assert 1.9 < video.evaluate("video => video.duration") < 2.2
    assert violations(page) == []
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save the video").click()
    assert saved.value.suggested_filename == "saliency.mp4"
    assert clips.packets(saved.value.path(), "video")[0].is_keyframe
    page.get_by_role("radio", name="Blind").check()
    expect(page.locator("#clip .outdated-note")).to_contain_text("not for what the fields hold now")


def test_a_clip_is_cancelled_and_its_work_ends(visit, clip, monkeypatch):
    steps = Steps()
    monkeypatch.setattr(Tiny, "encode_image", steps("encode_image", Tiny.encode_image))
    page = opened(visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True), clip)
    draw(page).click()
    assert steps.reached.wait(PATIENCE / 1000)
    cancel = page.get_by_role("button", name="Cancel", exact=True)
    cancel.click()
    expect(page.get_by_text("Cancelled.", exact=True)).to_be_visible()
    expect(cancel).to_be_hidden()
    steps.go_on.set()
    page.wait_for_timeout(1000)
    assert steps.begun == ["encode_image"]
    draw(page).click()
    expect(page.locator("#clip video")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_no_video_is_refused_with_a_sentence(visit, tmp_path):
    page = visit()
    page.get_by_role("tab", name="Video", exact=True).click()
    draw(page).click()
    expect(page.get_by_test_id("toast-body")).to_contain_text("No video was given.")


def test_the_camera_is_live_until_it_is_stopped(visit, monkeypatch):
    looked = []
    plain = Tiny.decode

    def decode(self, features, text=None):
        looked.append(None if text is None else bool(text.present.any()))
        return plain(self, features, text)

    monkeypatch.setattr(Tiny, "decode", decode)
    page = opened(visit())
    live = page.get_by_role("region", name="Your camera, live")
    live.get_by_role("button", name="Start the camera").click()
    expect(live.locator(".rate")).to_have_text(re.compile(r"^\d+\.\d maps per second$"))
    expect(live.get_by_role("status")).to_have_text("The camera runs, for at most 120 seconds.")
    drawn = live.locator("canvas").evaluate(ALPHAS)
    assert drawn[0] == 0
    assert drawn[1] > 150  # the strongest gaze covers the picture, none leaves it
    assert live.locator("video").evaluate("video => video.videoWidth > 0 && !video.paused")
    assert violations(page) == []
    page.get_by_role("textbox", name="Sentence").last.fill("a dog")
    page.wait_for_timeout(1500)
    assert looked[-1] is True

    live.get_by_role("button", name="Stop").click()
    expect(live.get_by_role("status")).to_have_text("Stopped.")
    expect(live.get_by_role("button", name="Start the camera")).to_be_focused()
    expect(live.locator(".stage")).to_be_hidden()
    page.wait_for_timeout(1000)  # what was on its way has arrived
    before = len(looked)
    page.wait_for_timeout(1000)
    assert len(looked) == before, "the engine is free"


def test_the_camera_stops_where_another_tab_is_opened_and_where_it_fails(visit, monkeypatch):
    page = opened(visit())
    live = page.locator("#live")
    live.get_by_role("button", name="Start the camera").click()
    expect(live.locator(".rate")).not_to_have_text("")
    page.get_by_role("tab", name="Words", exact=True).click()
    page.wait_for_timeout(1000)
    opened(page)
    expect(live.get_by_role("status")).to_have_text("Stopped.")
    monkeypatch.setattr("saliency.ui.video.live_camera._LONGEST", 10)
    live.get_by_role("button", name="Start the camera").click()
    expect(live.get_by_role("status")).to_have_text("The map could not be computed; the camera is stopped.")
    expect(page.get_by_test_id("toast-body")).to_contain_text("The camera's picture cannot be read.")
