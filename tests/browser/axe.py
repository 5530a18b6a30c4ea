"""What axe-core says of a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# What Gradio draws itself and neither a style nor an attribute given to it can change; one rule and node each.
EXCLUDED: dict[str, tuple[str, ...]] = {}


def violations(page: Page) -> list[str]:
    """Rule and node of each serious or critical violation of the visible page."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if not any(part in node["html"] for part in EXCLUDED.get(rule["id"], ()))
    ]
