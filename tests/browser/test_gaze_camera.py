"""A look recorded with the camera: with the real library on a camera without a face, and with eyes that are made up."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.page import face_mesh
from tests.browser.axe import violations
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

STUB = Path(__file__).with_name("face_mesh_stub.js")
SHORT = {"settle": 50, "dwell": 50, "patience": 3000, "cross": 50}
TRACKS = "() => window.tracks.map((track) => track.readyState)"
WATCH_TRACKS = """
    window.tracks = [];
    const plain = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (asked) => {
        const stream = await plain(asked);
        window.tracks.push(...stream.getTracks());
        return stream;
    };
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("saliency.ui.gaze.gaze_recorder.TIMES", SHORT)
        with in_miniature(folder), serving(lambda: build(Predictor(checkpoint_dir=folder))) as address:
            yield address


def opened(page: Page, script: str = WATCH_TRACKS) -> Page:
    """The tab with an example on its stage, and the recorder's dialog open."""
    page.evaluate(f"() => {{ {script} }}")
    page.get_by_role("tab", name="Your gaze").click()
    page.get_by_role("button", name="Cows").click()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    page.get_by_label("The picture is shown for").select_option("3")
    page.get_by_role("button", name="Record with the camera").click()
    return page


def with_eyes(page: Page, gaze: str) -> Page:
    page.route("**/face_mesh.js", lambda route: route.fulfill(path=STUB, content_type="text/javascript"))
    page.evaluate(f"window.gaze = {gaze}")
    return opened(page)


def dialog(page: Page):
    return page.get_by_role("dialog", name="Record with the camera")


def press(page: Page, name: str) -> None:
    dialog(page).get_by_role("button", name=name, exact=True).click()


def calibrated(page: Page) -> str:
    """What the dialog says after calibration."""
    press(page, "Start the camera")
    expect(dialog(page).get_by_role("status")).to_have_text("A face is found.")
    press(page, "Calibrate")
    dialog(page).get_by_role("button", name="Calibrate again").wait_for()
    return dialog(page).inner_text()


def ended(page: Page) -> None:
    """The dialog is closed, the camera off, and marking by clicks there."""
    expect(dialog(page)).to_have_count(0)
    assert set(page.evaluate(TRACKS)) <= {"ended"}
    expect(page.get_by_role("button", name="Start", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Record with the camera")).to_be_focused()


def test_nothing_of_the_camera_leaves_the_page_and_without_a_face_it_says_so(visit, address):
    """The real library, on Chromium's camera, which shows no face."""
    page = visit()
    before = []
    page.on("request", lambda request: before.append(request))
    opened(page)
    assert not [request.url for request in before if "face_mesh" in request.url], "only when it is asked for"
    expect(dialog(page)).to_contain_text("Nothing of your camera leaves this page")
    assert violations(page) == []
    sent = []
    page.on("request", lambda request: sent.append(request))
    press(page, "Start the camera")
    expect(dialog(page).get_by_role("status")).to_have_text(
        "No face is found: move into the picture, or turn on a light."
    )
    press(page, "Calibrate")  # does not begin
    expect(dialog(page).get_by_role("status")).to_have_text(re.compile("^No face is found"))
    assert page.evaluate(TRACKS) == ["live"]
    assert violations(page) == []
    page.keyboard.press("Escape")
    ended(page)

    assert {(request.method, request.post_data) for request in sent} == {("GET", None)}
    paths = [urlsplit(request.url).path for request in sent if request.url.startswith(address)]
    assert sorted(paths) == sorted(f"/{face_mesh.PREFIX}{name}" for name in face_mesh.FILES)
    assert not [request.url for request in sent if not request.url.startswith((address, "data:", "blob:"))]


def test_fixations_of_the_camera_are_marks_like_those_of_clicks(visit, tmp_path):
    page = visit()
    sent = []
    with_eyes(page, "{ path: [[0.5, 0.5], [0.2, 0.3], [0.8, 0.7], [1.2, 0.5]], each: 700, noise: 10 }")
    page.on("request", lambda request: sent.append(request))
    found = re.search(r"Measured error: ([\d.]+)° on average, that is (\d+) pixels", calibrated(page))
    assert float(found[1]) < 0.5
    assert int(found[2]) < 20
    expect(dialog(page)).to_contain_text("Degrees assume 60 cm from the eyes to the screen, and 96 pixels per inch.")
    assert violations(page) == []
    press(page, "Show the picture")
    expect(page.locator("#gaze-stage .mark")).to_have_text(["1", "2"])
    expect(dialog(page)).to_have_count(0)
    assert page.evaluate(TRACKS) == ["ended"]
    assert {request.post_data for request in sent} == {None}
    account = page.locator("#gaze-stage .account")
    expect(account).to_contain_text("Fixations in 3 s: 2, by a dispersion filter: within 1.5° for at least 100 ms")
    expect(account).to_contain_text("The first fixation, still where the cross was, is not counted.")
    expect(account).to_contain_text("Left out, since they lie outside of the picture: 1.")

    with page.expect_download() as download:
        page.get_by_role("button", name="Save fixations").click()
    download.value.save_as(tmp_path / "fixations.csv")
    with (tmp_path / "fixations.csv").open(newline="") as file:
        saved = list(csv.DictReader(file))
    # cows.jpg has 880 x 660 pixels; 20 are half a degree.
    for row, (x, y) in zip(saved, ((176, 198), (704, 462)), strict=True):
        assert abs(int(row["x"]) - x) < 20
        assert abs(int(row["y"]) - y) < 20
        assert 100 <= int(row["duration"]) <= 900
    page.get_by_role("button", name="Score the models").click()
    expect(page.get_by_role("table", name="Which model knows where you look").locator("tbody tr")).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#gaze-stage .mark")).to_have_text(["1"])


def test_an_error_above_five_degrees_is_refused(visit):
    page = with_eyes(visit(), "{ noise: 3000 }")
    assert "That is more than 5°, too much to say where you look." in calibrated(page)
    expect(dialog(page).get_by_role("button", name="Show the picture")).to_have_count(0)
    press(page, "Calibrate again")
    expect(dialog(page).get_by_role("status")).to_have_text("A face is found.")
    press(page, "Mark by clicks instead")
    ended(page)


def test_a_small_window_does_not_make_a_bad_calibration_good(visit):
    """Always answering the middle of this one is less than five degrees wrong."""
    page = with_eyes(visit(viewport={"width": 400, "height": 400}), "{ noise: 1500 }")
    said = calibrated(page)
    assert float(re.search(r"Measured error: ([\d.]+)°", said)[1]) < 5
    assert "In a window of this size that is little better than always answering its middle" in said
    expect(dialog(page).get_by_role("button", name="Show the picture")).to_have_count(0)
    page.keyboard.press("Escape")
    ended(page)


def test_what_disturbs_a_calibration_is_said_and_it_can_begin_anew(visit):
    page = with_eyes(visit(), "{}")
    press(page, "Start the camera")
    expect(dialog(page).get_by_role("status")).to_have_text("A face is found.")
    press(page, "Calibrate")
    target = dialog(page).locator(".target")
    expect(target).to_be_visible()
    page.evaluate("window.gaze = { away: true }")
    expect(dialog(page)).to_contain_text("The face was lost for too long.")
    page.evaluate("window.gaze = { slow: 800 }")
    press(page, "Calibrate")
    expect(dialog(page)).to_contain_text("This machine reads too few of the camera’s pictures to calibrate.")
    page.evaluate("window.gaze = {}")
    press(page, "Calibrate")
    expect(target).to_be_visible()
    page.set_viewport_size({"width": 1000, "height": 800})
    expect(dialog(page)).to_contain_text("The window changed its size.")
    page.keyboard.press("Escape")
    ended(page)


def test_escape_ends_a_calibration_and_keys_alone_are_enough(visit):
    page = with_eyes(visit(reduced_motion="reduce"), "{}")
    expect(dialog(page).get_by_role("button", name="Start the camera")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog(page).get_by_role("status")).to_have_text("A face is found.")
    page.keyboard.press("Enter")
    target = dialog(page).locator(".target")
    expect(target).to_be_visible()
    assert target.evaluate("target => target.getAnimations().length") == 0
    page.keyboard.press("Escape")
    ended(page)


def refusing(error: str) -> str:
    return f"""
        window.tracks = [];
        navigator.mediaDevices.getUserMedia = async () => {{ throw new DOMException("", "{error}"); }};
    """


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (refusing("NotAllowedError"), "The browser was not allowed to use the camera."),
        (refusing("NotFoundError"), "No camera can be used here."),
        (WATCH_TRACKS + "WebAssembly.validate = () => false;", "it needs WebGL 2 and WebAssembly with SIMD"),
    ],
)
def test_where_nothing_can_be_recorded_a_sentence_says_why_and_clicks_stay(visit, script, why):
    page = opened(visit(), script)
    press(page, "Start the camera")
    expect(dialog(page)).to_contain_text(why)
    press(page, "Mark by clicks instead")
    ended(page)


def test_a_camera_that_is_pulled_out_ends_the_recording(visit):
    page = with_eyes(visit(), "{}")
    press(page, "Start the camera")
    expect(dialog(page).get_by_role("status")).to_have_text("A face is found.")
    page.evaluate("window.tracks[0].dispatchEvent(new Event('ended'))")
    expect(dialog(page)).to_contain_text("The camera stopped.")
    press(page, "Mark by clicks instead")
    ended(page)


def test_in_chinese_on_a_phone_all_of_it_fits(visit):
    page = visit(locale="zh-CN", viewport={"width": 390, "height": 800})
    page.route("**/face_mesh.js", lambda route: route.fulfill(path=STUB, content_type="text/javascript"))
    page.evaluate(f"() => {{ {WATCH_TRACKS} }}")
    page.get_by_role("tab").nth(2).click()
    page.locator("#gaze-examples button").first.click()
    page.locator("#gaze-stage .start").wait_for()
    page.locator("#gaze-stage [name=record]").click()
    box = page.locator("#gaze-recorder .panel")
    expect(box).to_contain_text("摄像头的画面不会离开本页")
    page.locator("#gaze-recorder [name=camera_on]").click()
    page.locator("#gaze-recorder [name=calibrate]").click()
    page.locator("#gaze-recorder [name=show]").wait_for()
    expect(box).to_contain_text("测得误差")
    bounds = box.bounding_box()
    assert bounds["x"] >= 0
    assert bounds["x"] + bounds["width"] <= 390
    page.keyboard.press("Escape")
    expect(box).to_be_hidden()
