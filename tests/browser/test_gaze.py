"""The Your gaze tab as a person uses it: with a pointer, with keys alone, on a phone."""

from __future__ import annotations

import csv
import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

STAGE, VIEW = "#gaze-stage", "#gaze-view"


@pytest.fixture
def gaze(page: Page) -> Page:
    """The tab, with an example on its stage that is shown for a second."""
    page.get_by_role("tab", name="Your gaze").click()
    page.get_by_role("button", name="Cows").click()
    page.get_by_role("button", name="Start", exact=True).wait_for()
    page.get_by_label("The picture is shown for").select_option("1")
    return page


def status(page: Page):
    return page.locator(f"{STAGE} .status")


def screen(page: Page):
    return page.locator(f"{STAGE} .screen")


def view(page: Page) -> None:
    page.get_by_role("button", name="Start", exact=True).click()
    expect(status(page)).to_contain_text("Now click or tap")


def mark(page: Page, *places: tuple[float, float]) -> None:
    box = screen(page).bounding_box()
    for x, y in places:
        screen(page).click(position={"x": x * box["width"], "y": y * box["height"]})


def ranking(page: Page):
    return page.get_by_role("table", name="Which model knows where you look")


def counts(page: Page) -> list[str]:
    # Cell by cell: the text of a row that is being drawn anew has no space between its cells.
    rows = page.get_by_role("table", name="Fixations so far").locator("tr").all()
    return [
        " ".join(text.strip() for text in row.locator("th, td").all_text_contents() if text.strip()) for row in rows[1:]
    ]


def degrees_of_blur(page: Page) -> str:
    return re.search(r"about ([\d.]+)°", page.locator(f"{VIEW} .basis").inner_text())[1]


def test_marks_are_scored_saved_and_loaded_again(gaze, tmp_path):
    hidden = gaze.locator(f"{STAGE} .picture")
    expect(hidden).to_be_hidden()
    view(gaze)
    expect(hidden).to_be_visible()
    mark(gaze, (0.25, 0.5), (0.5, 0.25), (0.75, 0.75))
    requests = []
    gaze.on("request", lambda request: requests.append(request.url))
    gaze.get_by_role("button", name="Undo").click()
    expect(status(gaze)).to_have_text("Mark 3 is taken back.")
    mark(gaze, (0.75, 0.75))
    assert counts(gaze) == ["Person 1 1 3 Remove", "Everybody 1 3"]
    with gaze.expect_download() as download:
        gaze.get_by_role("button", name="Save fixations").click()
    assert not [url for url in requests if not url.startswith("blob:")]
    path = tmp_path / "fixations.csv"
    download.value.save_as(path)
    with path.open(newline="") as file:
        saved = list(csv.DictReader(file))
    # cows.jpg has 880 x 660 pixels.
    for row, (x, y) in zip(saved, ((220, 330), (440, 165), (660, 495)), strict=True):
        assert abs(int(row["x"]) - x) <= 2
        assert abs(int(row["y"]) - y) <= 2
    assert [row["order"] for row in saved] == ["1", "2", "3"]

    gaze.get_by_role("button", name="Score the models").click()
    rows = ranking(gaze).locator("tbody tr")
    expect(rows).not_to_have_count(0)
    models = gaze.get_by_role("checkbox", checked=True).count() - 1  # the other says whether marks are shown
    assert rows.count() == models
    nss = [float(text.replace("−", "-")) for text in rows.locator("td:nth-child(2)").all_inner_texts()]
    assert nss == sorted(nss, reverse=True)
    expect(gaze.locator(VIEW).get_by_role("img", name="Half of the gaze lies on")).to_have_count(models + 1)
    expect(gaze.locator(VIEW)).to_contain_text("There are only 3 fixations")
    expect(gaze.locator(VIEW)).to_contain_text("° of visual angle")
    degrees = degrees_of_blur(gaze)
    gaze.get_by_role("button", name="Advanced").click()
    gaze.get_by_label("Assumed distance from the screen").fill("120")
    gaze.get_by_label("Assumed distance from the screen").press("Tab")
    gaze.get_by_role("button", name="Score the models").click()
    # Twice as far, everything is half as large.
    gaze.wait_for_function(f"!document.querySelector('{VIEW} .basis').textContent.includes('about {degrees}°')")
    assert float(degrees_of_blur(gaze)) == pytest.approx(float(degrees) / 2, abs=0.06)

    gaze.get_by_role("button", name="Remove the fixations of Person 1").click()
    expect(gaze.get_by_role("table", name="Fixations so far")).to_have_count(0)
    (tmp_path / "class.csv").write_text("participant,x,y\n<b>Bob</b>,10,20\n")
    for _ in range(2):  # the second time nothing is new
        gaze.locator("input[type=file][multiple]").set_input_files([path, tmp_path / "class.csv"])
        expect(gaze.get_by_role("table", name="Fixations so far")).to_contain_text("<b>Bob</b>")
    assert counts(gaze) == ["Person 1 1 3 Remove", "<b>Bob</b> 1 1 Remove", "Everybody 2 4 Remove all"]


def test_without_marks_there_is_nothing_to_score(gaze):
    requests = []
    gaze.on("request", lambda request: requests.append(request.url))
    gaze.get_by_role("button", name="Score the models").click()
    expect(status(gaze)).to_contain_text("There is nothing to score yet")
    assert requests == []
    expect(ranking(gaze)).to_have_count(0)


def test_keys_alone_are_enough_for_two_people_and_a_sentence(gaze):
    markup = "<img src=x onerror=\"document.title='broken in'\"> A red cup."
    gaze.get_by_role("textbox", name="Sentence to read first").fill(markup)
    start = gaze.get_by_role("button", name="Start", exact=True)
    for _ in range(2):
        start.focus()
        gaze.keyboard.press("Enter")
        expect(gaze.locator(f"{STAGE} .sentence")).to_have_text(markup)
        gaze.keyboard.press("Enter")  # the focus is on “I have read it”
        expect(status(gaze)).to_contain_text("Now click or tap")
        for key in ("ArrowLeft", "ArrowUp", "Enter", "Shift+ArrowRight", "Enter", "Backspace"):
            gaze.keyboard.press(key)
        expect(status(gaze)).to_have_text("Mark 2 is taken back.")
        gaze.get_by_role("button", name="Next person").press("Enter")
    assert counts(gaze) == ["Person 1 1 1 Remove", "Person 2 1 1 Remove", "Everybody 2 2 Remove all"]
    assert gaze.title() == "Text-guided visual attention"


def test_on_a_phone_taps_mark_and_nothing_scrolls_sideways(gaze):
    gaze.set_viewport_size({"width": 390, "height": 800})
    view(gaze)
    mark(gaze, (0.1, 0.1), (0.9, 0.9))
    expect(gaze.locator(f"{STAGE} .mark")).to_have_text(["1", "2"])
    assert gaze.evaluate("document.documentElement.scrollWidth") <= 390


def choose(page: Page, example: str) -> None:
    page.get_by_role("button", name=example, exact=True).locator("visible=true").click()
    expect(page.locator(f"{STAGE} .picture")).to_have_attribute("src", re.compile("^data:image/jpeg"))


def test_another_picture_and_a_reload_lose_nobodys_marks(gaze):
    view(gaze)
    mark(gaze, (0.25, 0.5), (0.5, 0.25))
    gaze.get_by_role("button", name="Next person").click()
    view(gaze)
    mark(gaze, (0.75, 0.75))
    everybody = ["Person 1 1 2 Remove", "Person 2 1 1 Remove", "Everybody 2 3 Remove all"]
    assert counts(gaze) == everybody

    choose(gaze, "Horses")
    expect(gaze.get_by_role("table", name="Fixations so far")).to_have_count(0)
    view(gaze)
    mark(gaze, (0.1, 0.1))
    assert counts(gaze) == ["Person 2 1 1 Remove", "Everybody 1 1"]
    choose(gaze, "Cows")
    expect(status(gaze)).to_have_text("The marks made on this picture before are back (3).")
    assert counts(gaze) == everybody

    gaze.reload()
    gaze.get_by_role("tab", name="Your gaze").click()
    expect(gaze.locator(f"{STAGE} .message")).to_contain_text("choose the same picture again")
    choose(gaze, "Horses")
    expect(status(gaze)).to_contain_text("are back (1)")
    choose(gaze, "Cows")
    expect(status(gaze)).to_contain_text("are back (3)")
    assert counts(gaze) == everybody
    gaze.get_by_role("button", name="Remove the fixations of Person 1").click()
    choose(gaze, "Horses")
    expect(status(gaze)).to_contain_text("are back (1)")
    choose(gaze, "Cows")
    expect(status(gaze)).to_contain_text("are back (1)")
    assert counts(gaze) == ["Person 2 1 1 Remove", "Everybody 1 1"]


def test_everybodys_marks_are_removed_once_that_is_confirmed(gaze):
    for _ in range(2):
        view(gaze)
        mark(gaze, (0.25, 0.5))
        gaze.get_by_role("button", name="Next person").click()
    gaze.once("dialog", lambda dialog: dialog.dismiss())
    gaze.get_by_role("button", name="Remove all").click()
    assert len(counts(gaze)) == 3
    gaze.once("dialog", lambda dialog: dialog.accept())
    gaze.get_by_role("button", name="Remove all").click()
    expect(gaze.get_by_role("table", name="Fixations so far")).to_have_count(0)
    gaze.reload()
    gaze.get_by_role("tab", name="Your gaze").click()
    expect(gaze.locator(f"{STAGE} .message")).not_to_contain_text("again")


def test_leaving_with_marks_that_were_neither_scored_nor_saved_asks(gaze):
    asked = []
    gaze.on("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))

    def reload() -> None:
        asked.clear()
        gaze.reload()
        gaze.get_by_role("tab", name="Your gaze").click()
        choose(gaze, "Cows")  # a browser asks only who has touched the page

    view(gaze)
    reload()
    assert asked == []
    view(gaze)
    mark(gaze, (0.25, 0.5))
    reload()
    assert asked == ["beforeunload"]
    reload()  # the marks are back, and as unsaved as they were
    assert asked == ["beforeunload"]
    with gaze.expect_download():
        gaze.get_by_role("button", name="Save fixations").click()
    reload()
    assert asked == []
    view(gaze)
    mark(gaze, (0.75, 0.5))
    gaze.get_by_role("button", name="Score the models").click()
    expect(ranking(gaze).locator("tbody tr")).not_to_have_count(0)
    expect(gaze.get_by_role("button", name="Cancel")).to_have_count(0)
    reload()
    assert asked == []
