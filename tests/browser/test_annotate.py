"""Annotation in a browser: by mouse and by keys alone, in the app's tab and on the page of a folder, whose server is
killed."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager

import httpx
import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from saliency.annotation import AnnotationLog
from saliency.annotation.annotation_folder import LOG, PLACE
from saliency.annotation.first_guess import FirstGuess
from saliency.predictor import Predictor
from saliency.ui import build
from tests.browser.axe import violations
from tests.browser.conftest import PATIENCE, visiting
from tests.ports import free_port
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser


def write_picture(path, seed=0):
    """Six coloured fields with some noise."""
    rng = np.random.default_rng(seed)
    fields = np.kron(rng.integers(40, 216, size=(2, 3, 3)), np.ones((80, 80, 1)))
    Image.fromarray((fields + rng.integers(-8, 8, size=fields.shape)).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def pictures(tmp_path):
    (tmp_path / "pictures").mkdir()
    for seed, name in enumerate(("first", "second")):
        write_picture(tmp_path / "pictures" / f"{name}.png", seed)
    return tmp_path / "pictures"


@contextmanager
def annotating(pictures, port):
    """`saliency annotate` in a process of its own."""
    environment = os.environ | {"GRADIO_ANALYTICS_ENABLED": "False"}
    command = [sys.executable, "-m", "saliency", "annotate", str(pictures), "--port", str(port)]
    server = subprocess.Popen([*command, "--host", "127.0.0.1"], env=environment, stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < until and server.poll() is None:
            try:
                httpx.get(f"http://127.0.0.1:{port}", timeout=10)
                break
            except httpx.HTTPError:
                time.sleep(0.5)
        yield server
    finally:
        server.kill()
        server.wait(timeout=60)


@pytest.fixture
def page(browser):
    """A window whose console may have errors: its server dies."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    yield page
    page.close()


def stage(page):
    return page.locator("#annotate-stage")


def click_at(page, x, y):
    """Clicks in the picture, at a place in shares."""
    canvas = stage(page).locator("canvas")
    box = canvas.bounding_box()
    canvas.click(position={"x": x * box["width"], "y": y * box["height"]})


def logged(pictures):
    return [(event.picture, event.annotator, event.action) for event in AnnotationLog(pictures / PLACE / LOG).events]


def test_a_killed_server_loses_nothing(page, pictures):
    port = free_port()
    with annotating(pictures, port) as server:
        page.goto(f"http://127.0.0.1:{port}")
        expect(stage(page).locator(".place")).to_contain_text("Picture 1 of 2: \u2068first\u2069.")
        for x in (0.1, 0.5, 0.9):
            click_at(page, x, 0.25)
        expect(stage(page).locator(".status")).to_contain_text("3 chosen")
        expect(stage(page).locator(".saved")).to_have_text("Every click is saved at once.")
        server.send_signal(signal.SIGKILL)
        server.wait(timeout=60)
    assert logged(pictures) == [("first", "Annotator 1", "toggle")] * 3
    click_at(page, 0.1, 0.75)  # nobody is there
    expect(stage(page).locator(".saved")).to_contain_text("Not saved yet: 1.")
    with annotating(pictures, port):
        expect(stage(page).locator(".saved")).to_have_text("Every click is saved at once.")
        assert logged(pictures) == [("first", "Annotator 1", "toggle")] * 4
        page.route("**/component_server/", lambda route: route.abort())
        click_at(page, 0.5, 0.75)
        expect(stage(page).locator(".saved")).to_contain_text("Not saved yet: 1.")
        page.unroute("**/component_server/")
        page.reload()  # what waits is sent before the picture is opened
        expect(stage(page).locator(".status")).to_have_text(re.compile(r"^\d+ segments, 5 chosen\.$"))
        expect(stage(page).locator(".saved")).to_have_text("Every click is saved at once.")
        assert logged(pictures) == [("first", "Annotator 1", "toggle")] * 5
        stage(page).get_by_role("button", name="Undo").click()
        expect(stage(page).locator(".status")).to_have_text("Taken back. 4 chosen.")
        by_keys_alone(page, pictures)
        another_annotator(page)
        with page.expect_download() as saved:
            stage(page).get_by_role("button", name="Download masks and audit (ZIP)").click()
        with zipfile.ZipFile(saved.value.path()) as archive:
            audit = [json.loads(line) for line in archive.read("pictures/audit.jsonl").splitlines()]
        assert [(line["picture"], line["annotator"]) for line in audit] == [
            ("first", "Annotator 1"),
            ("first", "Bob"),
            ("second", "Annotator 1"),
        ]


def by_keys_alone(page, pictures):
    """The second picture: two segments chosen, one taken back and made again, the zoom, and back."""
    screen, status = stage(page).locator(".screen"), stage(page).locator(".status")
    screen.focus()
    page.keyboard.press("n")
    expect(stage(page).locator(".place")).to_contain_text("Picture 2 of 2: \u2068second\u2069.")
    expect(screen).to_be_focused()
    visited = set()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft", "PageUp"):
        page.keyboard.press(key)
        visited.add(re.search(r"segment (\d+) of", status.text_content())[1])
    assert len(visited) >= 4
    page.keyboard.press("Space")
    expect(status).to_contain_text("Chosen: segment")
    page.keyboard.press("PageDown")
    page.keyboard.press("Space")
    expect(status).to_contain_text("2 chosen.")
    page.keyboard.press("u")
    expect(status).to_have_text("Taken back. 1 chosen.")
    page.keyboard.press("r")
    expect(status).to_have_text("Made again. 2 chosen.")
    for _ in range(4):
        page.keyboard.press("+")
    expect(status).to_have_text("Zoom 400 %.")
    page.keyboard.press("PageDown")
    assert screen.evaluate("screen => screen.scrollWidth / screen.clientWidth") == pytest.approx(4, abs=0.1)
    page.keyboard.press("0")
    assert violations(page) == []
    page.keyboard.press("p")
    expect(stage(page).locator(".place")).to_contain_text("Picture 1 of 2: \u2068first\u2069. 2 annotated by you.")
    page.keyboard.press("Enter")
    expect(stage(page).locator(".place")).to_contain_text("Picture 2 of 2")
    expect(status).to_contain_text("2 chosen.")
    actions = [action for picture, _, action in logged(pictures) if picture == "second"]
    assert actions == ["toggle", "toggle", "undo", "redo"]
    page.keyboard.press("p")
    expect(stage(page).locator(".place")).to_contain_text("Picture 1 of 2")


def another_annotator(page):
    """Sees nothing of what was chosen, and agrees by halves."""
    name = stage(page).get_by_role("textbox", name="Annotator")
    name.fill("Bob")
    name.press("Enter")
    expect(stage(page).locator(".status")).to_have_text(re.compile(r"^\d+ segments, 0 chosen\.$"))
    click_at(page, 0.1, 0.25)
    expect(stage(page).locator(".status")).to_contain_text("1 chosen.")
    expect(stage(page).locator(".saved")).to_have_text("Every click is saved at once.")
    stage(page).get_by_role("button", name="Agreement of annotators").click()
    result = stage(page).locator(".agreement-result")
    expect(result).to_contain_text("1 pictures with two or more annotators. Mean pairwise IoU 0.")
    expect(result).to_contain_text("Annotator 1\u2069 and \u2068Bob\u2069: Cohen’s kappa 0.")


@pytest.fixture
def visit(browser, tmp_path):
    models = tmp_path / "checkpoints"
    with (
        in_miniature(models),
        serving(lambda: build(Predictor(checkpoint_dir=models))) as address,
        visiting(browser, address) as visit,
    ):
        yield visit


def upload(page, path):
    page.get_by_role("tab", name="Annotate", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Your picture …").click()
    chooser.value.set_files(path)
    expect(stage(page).locator(".bench")).to_be_visible()


# Which colours are drawn at a place in shares of the picture: red, green, blue, alpha.
COLOUR = (
    """([canvas, x, y]) => [...canvas.getContext("2d").getImageData(x * canvas.width, y * canvas.height, 1, 1).data]"""
)


def test_a_visitor_annotates_an_upload_and_takes_it_home(visit, tmp_path):
    page = visit()
    upload(page, write_picture(tmp_path / "fields.png"))
    status = stage(page).locator(".status")
    expect(status).to_have_text(re.compile(r"^\d+ segments, 0 chosen\.$"))
    expect(stage(page).get_by_role("button", name="Done, next")).to_be_hidden()
    click_at(page, 0.2, 0.3)
    expect(status).to_contain_text("1 chosen.")
    pixel = page.evaluate(COLOUR, [stage(page).locator("canvas").element_handle(), 0.2, 0.3])
    assert pixel[3] > 0, "what is chosen is coloured"
    click_at(page, 0.8, 0.8)
    stage(page).get_by_role("button", name="Undo").click()
    expect(status).to_have_text("Taken back. 1 chosen.")
    assert violations(page) == []
    with page.expect_download() as saved:
        stage(page).get_by_role("button", name="Download masks and audit (ZIP)").click()
    with zipfile.ZipFile(saved.value.path()) as archive:
        mask = np.asarray(Image.open(archive.open("fields/masks/fields.png")))
        audit = json.loads(archive.read("fields/audit.jsonl"))
    assert mask.shape == (160, 240)
    assert mask[int(0.3 * 160), int(0.2 * 240)] == 255
    assert mask[128, 192] == 0
    assert (audit["by_hand"], audit["undone"], len(audit["segments"])) == (2, 1, 1)
    for count, chosen in (("100", 0), ("200", 1)):
        page.get_by_role("radio", name=count, exact=True).check()
        expect(status).to_have_text(re.compile(rf"^\d+ segments, {chosen} chosen\.$"))
    page.reload()
    upload(page, tmp_path / "fields.png")
    expect(status).to_have_text(re.compile(r"^\d+ segments, 1 chosen\.$"))


def test_a_first_guess_is_marked_and_corrected(visit, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "saliency.ui.annotate.annotate_tab.guess_of_model", lambda *_: FirstGuess((0, 1, 2), "reader: A field.")
    )
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    upload(page, write_picture(tmp_path / "fields.png"))
    stage(page).get_by_role("button", name="First guess").click()
    expect(stage(page).locator(".status")).to_have_text("First guess: 3 segments. Please correct it.")
    expect(stage(page).locator(".guess-note")).to_contain_text("a pseudo-label by \u2068reader: A field.\u2069")
    stage(page).get_by_role("button", name="Undo").click()
    expect(stage(page).locator(".status")).to_have_text("Taken back. 0 chosen.")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_no_picture_is_refused_with_a_sentence(visit, tmp_path):
    (tmp_path / "x.png").write_text("no picture")
    page = visit()
    page.get_by_role("tab", name="Annotate", exact=True).click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Your picture …").click()
    chooser.value.set_files(tmp_path / "x.png")
    expect(page.get_by_test_id("toast-body")).to_contain_text("This file is not a picture that can be read")
    expect(stage(page).locator(".bench")).to_be_hidden()
