"""A copied link, opened."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def box(page, condition):
    return page.get_by_role("textbox", name=condition).first


def test_a_link_restores_sentences_models_settings_and_the_example_and_runs(page, address):
    page.get_by_role("button", name="Coffee").first.click()
    expect(page.locator("#maps .frame")).to_have_count(12)
    box(page, "General").fill('A <img src=x onerror="document.title=1"> cup 杯.')
    page.get_by_role("checkbox", name="TranBlend").first.uncheck()
    page.locator("#maps [name=opacity]").fill("35")
    page.locator("#maps [name=colours]").select_option("cividis")
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#link textarea, #link input")).not_to_have_value("")
    url = page.locator("#link textarea, #link input").input_value()
    page.goto("about:blank")
    page.goto(url)
    expect(page.locator("#maps .frame")).to_have_count(8)
    expect(box(page, "General")).to_have_value('A <img src=x onerror="document.title=1"> cup 杯.')
    assert page.locator("#maps [name=opacity]").input_value() == "35"
    assert page.locator("#maps [name=colours]").input_value() == "cividis"
    assert page.title() != "1"


def test_a_hostile_link_does_nothing(page, address):
    page.goto("about:blank")
    page.goto(
        f"{address}#models=evil&example=%3Cscript%3E&opacity=%22%3E&colours=javascript:&x={'y' * 9000}&general=fine"
    )
    expect(box(page, "General")).to_have_value("fine")
    assert page.locator("#maps .frame").count() == 0
    assert page.locator("#maps [name=colours]").input_value() == "viridis"
