"""Pictures that browsers cannot draw, and files that are none, in the picture fields."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from saliency.ui.shared.examples import FOLDER
from tests.pictures import COFFEE

pytestmark = pytest.mark.browser


@pytest.fixture
def files(tmp_path) -> dict:
    """Coffee in formats that browsers cannot draw, and with 12 bits in 16."""
    coffee = Image.open(COFFEE)
    made = {name: tmp_path / f"coffee.{name}" for name in ("tif", "heic", "ppm", "dark.tif")}
    for name in ("tif", "heic", "ppm"):
        coffee.save(made[name])
    Image.fromarray(np.asarray(coffee.convert("L")).astype(np.uint16) * 16).save(made["dark.tif"])
    return made


def upload(page: Page, field: str, path) -> None:
    page.locator(f"{field} input[type=file]").set_input_files(path)


def drawn(page: Page, field: str, size: tuple[int, int]):
    """Waits until the field draws a picture of these proportions."""
    page.wait_for_function(
        "([field, ratio]) => { const image = document.querySelector(`${field} img`); return image && image.naturalWidth"
        " && Math.abs(image.naturalWidth / image.naturalHeight - ratio) < 0.01; }",
        arg=[field, size[0] / size[1]],
    )


@pytest.mark.parametrize("kind", ["tif", "heic", "ppm"])
def test_pictures_that_browsers_cannot_draw_are_drawn(page, files, kind):
    size = Image.open(COFFEE).size
    upload(page, "#picture", files[kind])
    drawn(page, "#picture", size)
    page.get_by_role("tab", name="Words").click()
    drawn(page, "#words-picture", size)
    page.get_by_role("tab", name="Your gaze").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Your own picture").click()
    chooser.value.set_files(files[kind])
    page.locator("#gaze-stage").get_by_role("button", name="Start").wait_for()


def test_what_is_compared_is_the_upload_and_not_its_preview(page, files):
    upload(page, "#picture", files["dark.tif"])
    drawn(page, "#picture", Image.open(COFFEE).size)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.locator("#maps .notices")).to_contain_text("12 of 16 bits")


def test_another_picture_replaces_the_preview(page, files):
    upload(page, "#picture", files["tif"])
    drawn(page, "#picture", Image.open(COFFEE).size)
    page.get_by_role("button", name="Astronaut").first.click()
    drawn(page, "#picture", Image.open(FOLDER / "astronaut.jpg").size)


def test_a_file_that_is_no_picture_is_reported_at_once(page, tmp_path):
    path = tmp_path / "letter.png"
    path.write_text("Dear friend")
    upload(page, "#picture", path)
    expect(page.get_by_text("This file is not a picture that can be read")).to_be_visible()
