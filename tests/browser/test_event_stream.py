"""A page whose stream of events is closed late hears of its next event all the same."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from playwright.sync_api import expect
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saliency.predictor import Predictor
from saliency.ui import build, builder
from saliency.ui.page.page_head import app_options
from tests.tiny import in_miniature
from tests.ui.serving import serving

pytestmark = pytest.mark.browser


class Late:
    """Middleware: the message that closes a stream of events arrives a third of a second later than it is sent."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if b'"close_stream"' in message.get("body", b""):
                await asyncio.sleep(0.3)
            await send(message)

        await self.app(scope, receive, sending)


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The app on three models in miniature, with `Late`."""
    options = app_options()
    options["middleware"] = [Middleware(Late), *options["middleware"]]
    folder = tmp_path_factory.mktemp("tiny")
    late = patch.object(builder, "app_options", lambda: options)
    with in_miniature(folder), late, serving(lambda: build(Predictor(checkpoint_dir=folder))) as address:
        yield address


def test_each_event_of_a_quick_visitor_is_answered(page):
    bar = page.get_by_role("region", name="Lecture", exact=True)
    page.get_by_role("button", name="Lecture: six steps").click()
    for number in range(1, 6):
        expect(bar).to_contain_text(f"Step {number} of 6")
        expect(bar.get_by_role("status")).to_have_text("", timeout=20_000)
        bar.get_by_role("button", name="Next").click()
