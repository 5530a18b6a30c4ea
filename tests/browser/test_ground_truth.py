"""Files of gaze on the tabs Compare and Your gaze, uploaded by a visitor: shown before they are scored."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.axe import violations
from tests.browser.conftest import visiting
from tests.browser.test_accessibility import SMALL_TARGETS
from tests.pictures import COFFEE

pytestmark = pytest.mark.browser

PLACES = [(150, 100), (300, 200), (300, 200), (450, 300)]  # on coffee.jpg, which has 600 x 400 pixels
FIELDS = "How the file is read"


def table(path: Path, scale=(1, 1), corner=(0, 0)) -> Path:
    """A table of `PLACES`, made larger and then moved."""
    rows = [f"{x * scale[0] + corner[0]:g},{y * scale[1] + corner[1]:g}\n" for x, y in PLACES]
    path.write_text("x,y\n" + "".join(rows))
    return path


@pytest.fixture
def compare(page: Page) -> Page:
    """The tab with a picture, and the fields of the ground truth open."""
    return with_picture(page)


def with_picture(page: Page) -> Page:
    page.locator("#picture input[type=file]").set_input_files(COFFEE)
    page.locator("#picture img").wait_for()
    page.get_by_role("button", name="Compare with where people really looked").click()
    return page


def give(page: Page, file: Path) -> None:
    page.locator(".upload").nth(1).locator("input[type=file]").set_input_files(file)


def preview(page: Page) -> Locator:
    return page.locator("#truth-preview")


def dots(page: Page) -> Locator:
    return preview(page).get_by_role("img", name="The picture with the file’s gaze on it")


def fields(page: Page) -> Locator:
    """The fields of the open accordion."""
    opener = page.locator("#truth-fields").get_by_role("button", name=FIELDS)
    if opener.get_attribute("aria-expanded") != "true" and not page.get_by_label("Units of the positions").is_visible():
        opener.click()
    return page.locator("#truth-fields")


def choose(page: Page, label: str, option: str) -> None:
    fields(page).get_by_label(label).click()
    page.get_by_role("option", name=option, exact=True).click()


def test_shares_are_asked_about_then_shown_and_scored(compare, tmp_path):
    give(compare, table(tmp_path / "shares.csv", (1 / 600, 1 / 400)))
    expect(preview(compare)).to_contain_text("look like shares of the picture's width and height")
    expect(dots(compare)).to_have_count(0)
    choose(compare, "Units of the positions", "shares of the picture, y from the top")
    expect(dots(compare)).to_be_visible()
    expect(preview(compare)).to_contain_text("4 fixations of 1 person, shares from above")
    expect(dots(compare)).to_have_attribute("alt", re.compile("the centre has the most"))
    compare.get_by_role("button", name="Compare", exact=True).click()
    scored = compare.locator("#maps figure", has=compare.get_by_role("table", name="Against your ground truth"))
    expect(scored).to_contain_text("4 fixations of 1 person, shares from above")
    with compare.expect_download() as download:
        compare.get_by_role("button", name="Download everything").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        record = json.loads(archive.read("ground_truth.json"))
    assert (record["fixations"]["used"], record["options"]["units"]) == (4, "shares")


def test_positions_on_a_screen_are_shown_where_they_fall_on_the_picture(compare, tmp_path):
    # 600 x 400 fitted into 1920 x 1080: enlarged 2.7 times, 150 pixels from the left edge.
    give(compare, table(tmp_path / "screen.csv", (2.7, 2.7), (150, 0)))
    box = fields(compare).get_by_label("Size of the screen in pixels")
    box.fill("1920x")
    box.press("Enter")
    expect(preview(compare)).to_contain_text("such as 1920x1080, not “1920x”")
    corner = compare.get_by_label("upper left corner on the screen")
    expect(corner).to_be_hidden()
    choose(compare, "How the screen showed the picture", "at its own size, at a place")
    expect(corner).to_be_visible()
    choose(compare, "How the screen showed the picture", "as large as possible, centred")
    expect(corner).to_be_hidden()
    box.fill("1920x1080")
    box.press("Tab")
    expect(preview(compare)).to_contain_text("4 fixations of 1 person")
    expect(dots(compare)).to_have_attribute("alt", re.compile("the centre has the most .50%"))


def brightest(page: Page, x: float, y: float) -> list[int]:
    """Of each map, the largest of the smallest channels of the 5 x 5 pixels about a place in shares of the sides."""
    return page.locator("#maps .frame canvas").evaluate_all(
        """(all, [x, y]) => all.map((canvas) => {
            const corner = [x * canvas.width - 2, y * canvas.height - 2].map(Math.round);
            const { data } = canvas.getContext("2d").getImageData(...corner, 5, 5);
            const whites = Array.from({ length: 25 }, (_, i) => Math.min(...data.slice(4 * i, 4 * i + 3)));
            return Math.max(...whites);
        })""",
        [x, y],
    )


def test_a_mask_is_outlined_and_scored_by_metrics_of_objects(compare, tmp_path):
    mask = Image.new("L", (600, 400))
    mask.paste(255, (150, 60, 420, 340))
    mask.save(tmp_path / "mask.png")
    compare.locator(".upload").nth(2).locator("input[type=file]").set_input_files(tmp_path / "mask.png")
    expect(preview(compare).get_by_role("img", name="outline of the mask")).to_be_visible()
    expect(preview(compare)).to_contain_text("A mask of objects on 32% of the picture")
    compare.get_by_role("button", name="Compare", exact=True).click()
    scored = compare.get_by_role("table", name="Against your mask of objects")
    expect(scored.get_by_role("columnheader", name="MAE")).to_be_visible()
    figure = compare.locator("#maps figure", has=scored)
    expect(figure).to_contain_text("These models predict gaze")
    expect(figure).to_contain_text("A mask of objects on 32% of the picture")
    expect(compare.get_by_role("table", name="Against your ground truth")).to_have_count(0)
    expect(compare.locator("#maps .meanings")).to_contain_text("Mean absolute error")
    outlined = compare.get_by_label("Outline of the mask")
    expect(outlined).to_be_checked()
    # On the left edge of the mask, in the middle of its height, and within it.
    edge, inside = ((150 / 600, 200 / 400), (285 / 600, 200 / 400))
    with_outline = [brightest(compare, *place) for place in (edge, inside)]
    outlined.uncheck()
    without = [brightest(compare, *place) for place in (edge, inside)]
    assert min(with_outline[0]) > 240, with_outline
    assert max(without[0]) < 240, without
    assert with_outline[1] == without[1]


def test_a_density_and_a_mistake_are_shown_together_and_leave_with_the_picture(compare, tmp_path):
    compare.locator(".upload").nth(0).locator("input[type=file]").set_input_files(COFFEE)
    expect(preview(compare)).to_contain_text("The density map is in colour")
    give(compare, table(tmp_path / "f.csv"))
    expect(dots(compare)).to_be_visible()
    expect(preview(compare).locator(".failed")).to_have_count(1)
    compare.get_by_role("button", name="Horses").first.click()
    expect(preview(compare)).to_be_hidden()


def test_a_file_given_at_once_outlasts_the_repeated_report_of_its_picture(page, tmp_path):
    """Gradio reports an upload again, up to half a second after the picture is there."""
    page.get_by_role("button", name="Compare with where people really looked").click()
    file = table(tmp_path / "f.csv")
    page.locator("#picture input[type=file]").set_input_files(COFFEE)
    page.locator("#picture img").wait_for()
    give(page, file)
    expect(dots(page)).to_be_visible()
    page.wait_for_timeout(1000)
    expect(dots(page)).to_be_visible()
    page.get_by_role("button", name="Horses").first.click()  # then the same picture again: it has the same path
    expect(preview(page)).to_be_hidden()
    give(page, file)
    expect(dots(page)).to_be_visible()
    page.locator("#picture").get_by_role("button", name=re.compile("Clear|Remove")).click()
    expect(preview(page)).to_be_hidden()
    page.locator("#picture input[type=file]").set_input_files(COFFEE)
    page.locator("#picture img").wait_for()
    give(page, file)
    expect(dots(page)).to_be_visible()


def test_keys_alone_choose_the_units(compare, tmp_path):
    give(compare, table(tmp_path / "shares.csv", (1 / 600, 1 / 400)))
    expect(preview(compare)).to_contain_text("look like shares")
    compare.locator("#truth-fields").get_by_role("button", name=FIELDS).focus()
    compare.keyboard.press("Enter")
    units = compare.get_by_label("Units of the positions")
    expect(units).to_be_visible()
    compare.keyboard.press("Tab")
    expect(units).to_be_focused()
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        compare.keyboard.press(key)
    expect(preview(compare)).to_contain_text("shares from above")


def test_the_open_fields_have_no_serious_violation(compare, tmp_path):
    give(compare, table(tmp_path / "f.csv"))
    expect(dots(compare)).to_be_visible()
    choose(compare, "How the screen showed the picture", "at its own size, at a place")
    expect(preview(compare).locator(".failed")).to_have_count(1)
    for dark in (False, True):
        compare.evaluate("dark => document.body.classList.toggle('dark', dark)", dark)
        compare.wait_for_timeout(500)  # colours fade in
        assert violations(compare) == []


def test_on_a_phone_the_fields_fit_and_are_as_high_as_a_finger_needs(browser, address, tmp_path):
    with visiting(browser, address) as visit:
        page = with_picture(visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True))
        give(page, table(tmp_path / "f.csv"))
        expect(dots(page)).to_be_visible()
        choose(page, "How the screen showed the picture", "at its own size, at a place")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate(SMALL_TARGETS) == []


def test_your_gaze_loads_what_a_tracker_wrote(page, tmp_path):
    (tmp_path / "eyelink.tsv").write_text(
        "RECORDING_SESSION_LABEL\tCURRENT_FIX_X\tCURRENT_FIX_Y\tCURRENT_FIX_DURATION\n"
        "ann\t150\t100\t210\nann\t300\t200\t180\nbob\t.\t.\t90\nbob\t450\t300\t320\n"
    )
    page.get_by_role("tab", name="Your gaze").click()
    page.get_by_role("button", name="Cows").click()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    page.locator("input[type=file][multiple]").set_input_files(tmp_path / "eyelink.tsv")
    stage = page.locator("#gaze-stage")
    expect(stage.locator(".status")).to_have_text("3 fixations were loaded.")
    account = stage.locator(".account")
    expect(account).to_contain_text("3 fixations of 2 people")
    expect(account).to_contain_text("1 left out")
    expect(account).to_contain_text("The columns “CURRENT_FIX_X” and “CURRENT_FIX_Y” were read as x and y.")
    expect(account).to_contain_text("participant from “RECORDING_SESSION_LABEL”")
    expect(page.get_by_role("table", name="Fixations so far")).to_contain_text("ann")
    shown = page.locator("#gaze-preview").get_by_role("img")
    expect(shown).to_be_hidden()  # whoever looks next has not seen the picture yet
    page.locator("#gaze-fields").get_by_role("button", name=FIELDS).click()
    expect(shown).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Horses").click()
    expect(shown).to_be_hidden()
    with page.expect_event("filechooser"):
        page.get_by_role("button", name="Load fixations").click()
