"""A model of objects on the page: there to be chosen, labelled as what it is, and its object cut out."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from saliency.predictor import Predictor
from saliency.ui import build
from tests.browser.conftest import visiting
from tests.ui.serving import serving

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def visit(browser):
    with serving(lambda: build(Predictor(["clip_salgan", "sdg_sod"]))) as address, visiting(browser, address) as visit:
        yield visit


def test_its_object_is_cut_out_of_the_picture(visit):
    page = visit()
    box = page.get_by_role("checkbox", name="SDG-SOD").first
    expect(box).not_to_be_checked()
    box.check()
    page.get_by_role("button", name="Otters").first.click()
    expect(page.locator("#maps .frame")).to_have_count(8)
    expect(page.locator("#maps .row .model", has_text="SDG-SOD")).to_contain_text("objects, not gaze")
    findings = page.locator("#maps .row", has_text="objects, not gaze").locator(".finding").all_text_contents()
    assert len(findings) == 4
    assert all(re.fullmatch(r"The mask covers \d+% of the picture\.", finding) for finding in findings)
    buttons = page.locator("#maps button.cut")
    expect(buttons).to_have_count(4)
    with page.expect_download() as download:
        buttons.first.click()
    assert download.value.suggested_filename == "saliency-cutout.png"
    cut = Image.open(BytesIO(Path(download.value.path()).read_bytes()))
    assert cut.mode == "RGBA"
    alpha = np.asarray(cut)[..., 3]
    assert alpha.min() < 30
    assert alpha.max() > 200


def test_its_card_has_the_scores_of_its_masks(visit):
    page = visit()
    page.get_by_role("tab", name="Models").click()
    table = page.get_by_role("table", name="SDG-SOD: How well it predicts")
    table.locator("xpath=ancestor::details[not(@open)]").evaluate_all("all => all.forEach(one => (one.open = true))")
    expect(table.get_by_role("columnheader").first).to_have_text("MAE")
    expect(table.get_by_role("cell").first).to_contain_text(re.compile(r"^0\.0\d\d"))
    expect(table.get_by_role("cell").last).to_have_text("500")
