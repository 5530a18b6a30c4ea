"""axe-core on every tab, light and dark: no serious or critical violation."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from saliency.ui import texts
from saliency.ui.builder import TABS

pytestmark = pytest.mark.browser

# What Gradio draws itself and neither a style nor an attribute given to it can change; one rule and node each.
EXCLUDED: dict[str, tuple[str, ...]] = {}


def violations(page: Page) -> list[str]:
    """Rule and node of each serious or critical violation of what is to be seen."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not any(part in node["html"] for part in EXCLUDED.get(rule["id"], ()))
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_tab_has_a_serious_violation(page, scheme):
    page.emulate_media(color_scheme=scheme)
    page.reload()
    for name in TABS:
        page.get_by_role("tab", name=texts.section("app")[name]["en"], exact=True).click()
        page.get_by_role("tabpanel").first.wait_for()
        page.wait_for_timeout(500)  # colours fade in
        assert violations(page) == [], name


def test_a_comparison_has_no_serious_violation(page):
    page.get_by_role("button", name="Coffee").first.click()
    expect(page.locator("#maps .frame")).to_have_count(12)
    page.locator("#maps summary").click()
    assert violations(page) == []
    page.locator("#maps .frame").first.press("Enter")
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.evaluate("document.body.classList.add('dark')")
    page.wait_for_timeout(500)
    assert violations(page) == []
