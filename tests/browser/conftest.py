"""A chromium on the running app: Debian's headless shell, in which pages open in half the time, or else its chromium.

Without either the tests are skipped, except in continuous integration, where they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

PATIENCE = 60_000  # milliseconds: two busy cores share browser, server and models
expect.set_options(timeout=PATIENCE)

ABORTED, LOST = "AbortError: signal is aborted", "Unexpected error Connection errored out."

OPTIONS = (
    "--no-sandbox",  # continuous integration runs as root
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--use-fake-device-for-media-stream",  # a camera whose picture moves
    "--use-fake-ui-for-media-stream",  # nobody is asked whether it may be used
)


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if program is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, address):
    """See `visiting`; of the module's own app where it has a fixture `address`."""
    with visiting(browser, address) as visit:
        yield visit


@pytest.fixture
def page(browser, address):
    """The app in a fresh window; the test fails on errors in its console and on requests to other hosts."""
    with visiting(browser, address) as visit:
        yield visit()


@contextmanager
def visiting(browser: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the app in fresh windows (options are `Browser.new_page`'s) and closes them.

    Ends with an error where one's console has an error or a request goes to another host.
    """
    wrong: list[str] = []
    pages: list[Page] = []

    def record(message: ConsoleMessage) -> None:
        if message.type == "error":
            wrong.append(f"{message.text} {message.location}")

    def visit(**options: object) -> Page:
        page = browser.new_page(**{"viewport": {"width": 1280, "height": 900}} | options)
        pages.append(page)
        page.set_default_timeout(PATIENCE)
        page.on("console", record)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: None if local(request.url, address) else wrong.append(request.url))
        page.goto(address)
        page.locator("#picture").wait_for()
        return page

    yield visit
    for page in pages:
        page.close()
    assert unexpected(wrong) == []


def unexpected(errors: list[str]) -> list[str]:
    """The errors of a console without those of a page that was left while it waited for an answer.

    Gradio aborts its streams then, and reports each as a lost connection.
    """
    if not any(error.startswith(ABORTED) for error in errors):
        return errors
    return [error for error in errors if not error.startswith((ABORTED, LOST))]


def local(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test in the browser that fails runs once more: timing on busy cores is not what it is about."""
    for item in items:
        if "tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.flaky(reruns=1))
