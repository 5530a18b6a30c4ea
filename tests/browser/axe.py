"""What axe-core says of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# What Gradio draws itself and neither a style nor an attribute given to it can change; one rule and node each.
EXCLUDED: dict[str, tuple[str, ...]] = {}


# The rules that depend on the colours of a page.
COLOURS = ("color-contrast", "link-in-text-block")


def violations(page: Page, *rules: str) -> list[str]:
    """Rule and node of each serious or critical violation of the visible page; of all rules unless some are named.

    Text that fades in has little contrast for a moment, so a page with violations is checked once more.
    """
    options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    if _violations(page, options):
        page.wait_for_timeout(1000)
        return _violations(page, options)
    return []


def _violations(page: Page, options: dict[str, object]) -> list[str]:
    found = Axe().run(page, options=options).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not any(part in node["html"] for part in EXCLUDED.get(rule["id"], ()))
    ]
