"""The Compare tab as a person uses it."""

from __future__ import annotations

import re
import zipfile

import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import visiting
from tests.pictures import COFFEE

pytestmark = pytest.mark.browser

SENTENCES = {
    "General": "A cup of coffee on a wooden table.",
    "Salient": "A <img src=x onerror=\"document.title='broken in'\"> red cup.",
    "Non-salient": "<script>document.title='broken in'</script> `${1}` {{value}}",
}


def box(page: Page, condition: str):
    return page.get_by_role("textbox", name=re.compile(f"^{condition}"))


def give(page: Page, picture, sentences: dict[str, str]) -> None:
    page.locator("#picture input[type=file]").set_input_files(picture)
    page.locator("#picture img").wait_for()
    for label, sentence in sentences.items():
        box(page, label).fill(sentence)


def maps(page: Page):
    return page.get_by_role("img", name="Half of the gaze lies on")


def pixels(page: Page) -> list[str]:
    return page.locator("#maps .cell canvas").evaluate_all("canvases => canvases.map(canvas => canvas.toDataURL())")


def move(page: Page, label: str, value: str) -> None:
    controls = page.get_by_role("group", name="How the maps are drawn")
    if label == "Contour lines":
        controls.get_by_role("checkbox", name=label).set_checked(value == "on")
    elif label in ("Opacity", "Hide below"):
        controls.get_by_role("slider", name=label).fill(value)
    else:
        controls.get_by_role("combobox", name=label).select_option(value)


def test_a_picture_and_three_sentences_give_twelve_maps_that_follow_the_controls(page):
    give(page, COFFEE, SENTENCES)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(maps(page)).to_have_count(12)

    drawn = pixels(page)
    assert len(set(drawn)) == 12
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    for label, value, least in (
        ("Opacity", "30", 12),
        ("Colours", "cividis", 12),
        ("Show", "difference", 12),  # before anything is hidden: what is below the limit both ways looks the same
        ("Scale", "shared", 1),  # the map with the largest range stays as it was
        ("Hide below", "40", 1),
        ("Contour lines", "on", 12),
    ):
        move(page, label, value)
        redrawn = pixels(page)
        assert sum(before != after for before, after in zip(drawn, redrawn, strict=True)) >= least, label
        drawn = redrawn
    maps(page).first.hover()
    readings = page.locator("#maps .reading")
    expect(readings).to_have_count(12)
    assert all(text.endswith("×") for text in readings.all_inner_texts())
    assert requests == []

    for sentence in SENTENCES.values():
        assert page.locator("#maps").get_by_text(sentence, exact=True).is_visible()
    assert page.locator("#maps img, #maps script").count() == 0
    assert page.title() == "Text-guided visual attention"


def test_redrawing_twelve_maps_takes_less_than_fifty_milliseconds(page):
    give(page, COFFEE, SENTENCES)
    box(page, "Non-salient").press("Enter")  # as good as the button
    expect(maps(page)).to_have_count(12)
    best = page.get_by_label("Contour lines").evaluate(
        """box => Math.min(...Array.from({ length: 20 }, () => {
            const start = performance.now();
            box.click();
            return performance.now() - start;
        }).filter((_, i) => i % 2 === 0))"""
    )
    assert best < 50
    page.get_by_label("Contour lines").uncheck()
    opacity = page.locator("#maps").get_by_label("Opacity")
    best = opacity.evaluate(
        """slider => {
            const times = [];
            for (let value = 10; value < 100; value += 10) {
                slider.value = value;
                const start = performance.now();
                slider.dispatchEvent(new Event("input"));
                times.push(performance.now() - start);
            }
            return Math.min(...times);
        }"""
    )
    assert best < 50


def test_an_example_runs_at_a_click_and_everything_can_be_taken_home(page, tmp_path):
    page.get_by_role("button", name="Cows").click()
    expect(maps(page)).to_have_count(12)
    expect(page.get_by_role("table", name="How far each sentence moved each map")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download everything").click()
    download.value.save_as(tmp_path / "all.zip")
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        parts = {"comparison.json", "picture.png", "maps.npz", "maps.csv", "maps.png", "metrics.csv"}
        assert parts < set(archive.namelist())
        assert sum(name.startswith("overlays/") for name in archive.namelist()) == 12
        assert archive.testzip() is None


def test_a_mistake_is_reported_in_a_sentence(page):
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_text("No picture was given.")).to_be_visible()
    expect(page.get_by_text("Error", exact=True).and_(page.locator(".error"))).not_to_have_count(0)
    for badge in page.get_by_text("Error", exact=True).and_(page.locator("span.error")).all():
        expect(badge).to_be_hidden()


def test_on_a_phone_nothing_but_the_maps_scrolls_sideways(page):
    page.set_viewport_size({"width": 390, "height": 800})
    page.get_by_role("button", name="Cows").click()
    expect(maps(page)).to_have_count(12)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    rows = page.get_by_role("region", name="Maps").locator(".rows")
    assert rows.evaluate("rows => rows.scrollWidth > rows.clientWidth")
    assert maps(page).first.bounding_box()["width"] > 200
    toolbar = page.get_by_role("group", name="How the maps are drawn").bounding_box()
    assert maps(page).first.bounding_box()["y"] < toolbar["y"]
    maps(page).last.evaluate("map => map.scrollIntoView({ block: 'end' })")
    heading = page.get_by_role("columnheader", name="Pure").bounding_box()
    assert 0 <= heading["y"] < maps(page).last.bounding_box()["y"]


@pytest.fixture(scope="module")
def compared(browser, address):
    """A page with twelve maps, for tests that only look at them; a list of the requests it makes from then on."""
    with visiting(browser, address) as visit:
        page = visit(reduced_motion="reduce")
        give(page, COFFEE, SENTENCES)  # so small that an enlarged map asks for no larger copy
        page.get_by_role("button", name="Compare", exact=True).click()
        expect(maps(page)).to_have_count(12)
        requests = []
        page.on("request", lambda request: requests.append(request.url))
        yield page
        assert requests == []


@pytest.fixture
def frame(compared):
    """The second map, with nothing enlarged, zoomed or boxed in any."""
    frame = compared.locator("#maps .frame").nth(1)
    frame.hover()  # once nothing lies over it any more
    yield frame
    frame.focus()
    for key in ("Escape", "Escape", "0"):
        frame.press(key)


def drag(page: Page, frame, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Places in shares of the frame's sides."""
    place = frame.bounding_box()
    (x, y), (to_x, to_y) = (
        (place["x"] + a * place["width"], place["y"] + b * place["height"]) for a, b in (start, end)
    )
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(to_x, to_y, steps=3)
    page.mouse.up()


def test_a_dragged_box_shows_each_maps_share_of_the_gaze(compared, frame):
    shares = compared.locator("#maps .share")
    reported = []
    for edge in (0.03, 0.35):  # the frame's corners are round, and outside
        drag(compared, frame, (edge, edge), (1 - edge, 1 - edge))
        reported.append([int(share.removesuffix("% in the box")) for share in shares.all_inner_texts()])
    nearly_all, some = reported
    assert len(some) == 12
    assert all(100 >= outer > 85 and outer > inner > 0 for outer, inner in zip(nearly_all, some, strict=True))
    frame.press("Escape")
    assert not any(shares.nth(i).is_visible() for i in range(12))


def test_keys_move_the_cross_hair_and_draw_a_box(compared, frame):
    readings, spoken = compared.locator("#maps .reading"), compared.locator("#maps .spoken")
    frame.focus()
    frame.press("ArrowRight")
    assert all(reported.endswith("×") for reported in readings.all_inner_texts())
    assert spoken.inner_text().startswith("52% from the left, 50% from the top: ")
    frame.press("Shift+ArrowDown")
    frame.press("Shift+ArrowLeft")
    assert spoken.inner_text().endswith("% in the box")
    assert compared.locator("#maps .box").first.is_visible()


def test_zoom_is_linked_and_a_drag_then_moves_the_picture(compared, frame):
    drawn = pixels(compared)
    compared.get_by_role("button", name="Zoom in").click()
    compared.get_by_role("button", name="Zoom in").click()
    zoomed = pixels(compared)
    assert all(before != after for before, after in zip(drawn, zoomed, strict=True))
    drag(compared, frame, (0.5, 0.5), (0.7, 0.6))
    assert all(before != after for before, after in zip(zoomed, pixels(compared), strict=True))
    assert not compared.locator("#maps .box").first.is_visible()
    compared.get_by_role("button", name="Show the whole picture").click()
    assert pixels(compared) == drawn


def test_one_map_is_enlarged_and_uncovers_the_picture_or_the_map_without_text(compared, frame):
    width = frame.bounding_box()["width"]
    frame.focus()
    frame.press("Enter")
    assert frame.bounding_box()["width"] > 2 * width
    assert compared.locator("#maps .frame:visible").count() == 1
    uncovering = compared.get_by_role("slider", name="How much of the left side")
    images = [pixels(compared)[1]]
    uncovering.fill("50")
    images.append(pixels(compared)[1])
    compared.get_by_role("combobox", name="Left side").select_option("pure")
    images.append(pixels(compared)[1])
    uncovering.fill("100")
    images.append(pixels(compared)[1])
    assert len(set(images)) == 4
    compared.get_by_role("button", name="Previous map").click()
    assert images[3] == pixels(compared)[0]  # nothing was left but the map without text
    compared.get_by_role("button", name="All maps").click()
    assert compared.locator("#maps .frame:visible").count() == 12
    assert compared.locator("#maps .frame").first.evaluate("frame => frame === document.activeElement")


def test_the_line_between_before_and_after_is_dragged_on_the_picture(compared, frame):
    frame.focus()
    frame.press("Enter")
    uncovering = compared.get_by_role("slider", name="How much of the left side")
    drawn = pixels(compared)[1]
    drag(compared, frame, (0.01, 0.5), (0.4, 0.3))
    assert uncovering.input_value() == "40"
    assert pixels(compared)[1] != drawn
    assert not compared.locator("#maps .box").first.is_visible()
    compared.keyboard.press("ArrowLeft")
    assert uncovering.input_value() == "39"
    drag(compared, frame, (0.6, 0.2), (0.8, 0.4))  # beside the line a drag measures, as ever
    assert uncovering.input_value() == "39"
    assert compared.locator("#maps .box").nth(1).is_visible()


def test_from_one_enlarged_map_to_the_next_with_buttons_and_keys(compared, frame):
    title = compared.locator("#maps .enlarged-title")
    frame.focus()
    frame.press("Enter")
    expect(title).to_have_text("GSGNet, General")
    expect(compared.locator("#maps .enlarged").get_by_text(SENTENCES["General"])).to_be_visible()
    compared.keyboard.press("PageDown")
    expect(title).to_have_text("GSGNet, Salient")
    compared.get_by_role("button", name="Next map").click()
    compared.keyboard.press("ArrowRight")
    expect(title).to_have_text("CLIP-SalGAN, Pure")
    expect(compared.locator("#maps .enlarged").get_by_text("The picture alone", exact=True)).to_be_visible()
    for _ in range(12):
        compared.keyboard.press("ArrowLeft")
    expect(title).to_have_text("GSGNet, Pure")
    expect(compared.get_by_role("button", name="Previous map")).to_be_disabled()
    expect(compared.get_by_role("button", name="Next map")).to_be_focused()
    assert compared.locator("#maps .frame:visible").count() == 1
    compared.keyboard.press("Escape")
    assert compared.locator("#maps .frame:visible").count() == 12


def test_an_enlarged_map_lies_on_a_picture_as_sharp_as_the_screen(page, tmp_path):
    Image.effect_noise((1800, 1200), 90).convert("RGB").save(tmp_path / "large.png")
    give(page, tmp_path / "large.png", {})
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(maps(page)).to_have_count(3)
    canvas = page.locator("#maps .frame canvas").first
    assert canvas.get_attribute("width") == "720"
    with page.expect_response(lambda response: "picture.jpg" in response.url) as answered:
        page.locator("#maps .frame").first.press("Enter")
    assert answered.value.ok
    assert int(canvas.get_attribute("width")) == round(canvas.bounding_box()["width"]) > 720
    # Twice as sharp a picture has twice the contrast between neighbours in this noise; a 720-pixel copy had lost it.
    page.get_by_role("combobox", name="Left side").select_option("picture")
    page.get_by_role("slider", name="How much of the left side").fill("100")
    contrast = """canvas => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, 40);
        let sum = 0;
        for (let i = 4; i < data.length; i += 4) sum += Math.abs(data[i] - data[i - 4]);
        return sum / (data.length / 4);
    }"""
    page.wait_for_function(f"canvas => ({contrast})(canvas) > 25", arg=canvas.element_handle())


@pytest.mark.parametrize("size", [(1280, 720), (1920, 1080), (1366, 768)])
def test_twelve_maps_fit_the_full_screen(compared, frame, size):
    width, height = size
    compared.set_viewport_size({"width": width, "height": height})
    compared.get_by_role("button", name="Full screen", exact=True).click()
    leave = compared.get_by_role("button", name="Leave full screen")
    leave.wait_for()
    compared.wait_for_timeout(300)
    places = [each.bounding_box() for each in compared.locator("#maps .frame, #maps .finding").all()]
    assert len(places) == 24
    assert all(place["x"] >= 0 and place["x"] + place["width"] <= width for place in places)
    assert all(place["y"] >= 0 and place["y"] + place["height"] <= height for place in places)
    assert min(place["width"] for place in places) > width / 8
    leave.click()
    compared.get_by_role("button", name="Full screen", exact=True).wait_for()
    compared.set_viewport_size({"width": 1280, "height": 900})


def test_with_one_condition_the_models_stand_side_by_side(page):
    give(page, COFFEE, {})
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(maps(page)).to_have_count(3)
    # At one moment: the page may still be scrolling to them.
    places = page.locator("#maps .frame").evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    assert len({place["top"] for place in places}) == 1
    assert len({place["left"] for place in places}) == 3


@pytest.mark.parametrize("width", [794, 680])  # A4 with and without margins, in pixels
def test_on_paper_no_map_is_cut(compared, frame, width):
    compared.set_viewport_size({"width": width, "height": 1123})
    compared.emulate_media(media="print")
    places = [each.bounding_box() for each in compared.locator("#maps .frame").all()]
    assert len(places) == 12
    assert all(place["x"] >= 0 and place["x"] + place["width"] <= width for place in places)
    assert compared.locator("#maps .maps").evaluate("maps => maps.scrollWidth <= maps.clientWidth")
    expect(compared.get_by_role("button", name="Zoom in")).to_be_hidden()
    compared.emulate_media(media="screen")
    compared.set_viewport_size({"width": 1280, "height": 900})


def test_what_a_control_shows_is_part_of_its_name(compared, frame):
    compared.get_by_role("button", name="Zoom in").click()
    found = Axe().run(compared, "#maps", {"runOnly": ["label-content-name-mismatch"]}).response
    assert [node["html"] for rule in found["violations"] for node in rule["nodes"]] == []
    assert found["passes"]
    compared.get_by_role("button", name="125%: show the whole picture").click()


def test_the_maps_fill_the_screen_and_leave_it(compared, frame):
    compared.get_by_role("button", name="Full screen", exact=True).click()
    leave = compared.get_by_role("button", name="Leave full screen")
    leave.wait_for()
    window = compared.evaluate("({ x: 0, y: 0, width: innerWidth, height: innerHeight })")
    assert compared.locator("#maps .stage").bounding_box() == window
    expect(compared.get_by_role("tab", name="Words")).to_be_hidden()  # nor can it have the focus
    leave.click()
    compared.get_by_role("button", name="Full screen", exact=True).wait_for()
    expect(compared.get_by_role("tab", name="Words")).to_be_visible()
