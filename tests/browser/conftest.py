"""Debian's chromium on the running app. Missing, the tests skip, except in continuous integration, where they fail."""

from __future__ import annotations

import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.ui.serving import serving

PATIENCE = 120_000  # milliseconds: two busy cores share browser, server and models
expect.set_options(timeout=PATIENCE)

OPTIONS = (
    "--no-sandbox",  # continuous integration runs as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def address():
    with serving() as address:
        yield address


@pytest.fixture
def page(browser, address):
    """The app in a fresh window; the test fails on errors in its console and on requests to other hosts."""
    page = browser.new_page(viewport={"width": 1366, "height": 900}, accept_downloads=True)
    page.set_default_timeout(PATIENCE)
    errors, elsewhere = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("request", lambda request: elsewhere.append(request.url) if not local(request.url, address) else None)
    page.goto(address)
    page.get_by_role("button", name="Compare", exact=True).wait_for()
    yield page
    page.close()
    assert errors == []
    assert elsewhere == []


def local(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))
