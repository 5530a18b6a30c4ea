"""The page's title, description and preview for search engines and for messengers that show links.

Gradio's page has its own name, picture and an address that nobody filled in there.
"""

from __future__ import annotations

import html
import re
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import FileResponse
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from saliency.resources import resource
from saliency.ui.gradio_internals import UnknownEndpoint, root_of
from saliency.ui.page import face_mesh
from saliency.ui.page.event_stream import EventStreamOrder
from saliency.ui.shared.component import shared_head
from saliency.ui.shared.guard import busy, no_endpoint, no_key
from saliency.ui.shared.texts import section

PREVIEW = resource("assets/preview.jpg")
_PREVIEW_PATH = "/preview.jpg"
_COMPRESSION = 5  # of 9, which takes half as long again for 2 % fewer bytes
_GRADIOS = re.compile(r'<meta\s+(?:property="og:|name="twitter:)[^>]*>\s*')


def app_options() -> dict[str, Any]:
    """Arguments of Gradio's FastAPI app: the page's head, files beside it, and the responses to what it refuses.

    Text is compressed on its way, which Gradio leaves to others: the page is a megabyte, mostly of scripts.
    """
    preview = [Route(_PREVIEW_PATH, lambda _: FileResponse(PREVIEW))] if PREVIEW.is_file() else []
    return {
        "middleware": [
            Middleware(GZipMiddleware, compresslevel=_COMPRESSION),
            Middleware(EventStreamOrder),
            Middleware(PageHead),
        ],
        "routes": [*preview, *face_mesh.routes()],
        "exception_handlers": {UnknownEndpoint: no_endpoint, KeyError: no_key, 503: busy},
    }


def described(page: str, root: str) -> str:
    """The page's HTML with title, description and preview instead of Gradio's, and with what components share.

    Args:
        root: the app's address, without a slash at its end.
    """
    words = {key: entry["en"] for key, entry in section("masthead").items()}
    shown = {"title": words["title"], "description": words["introduction"]}
    if PREVIEW.is_file():
        shown["image"] = f"{root}{_PREVIEW_PATH}"
    open_graph = shown | {"type": "website", "url": f"{root}/", "site_name": words["name"]}
    card = shown | {"card": "summary_large_image" if "image" in shown else "summary"}
    lines = [
        f"<title>{html.escape(words['name'])}</title>",
        _meta("name", "description", words["introduction"]),
        *(_meta("property", f"og:{key}", value) for key, value in open_graph.items()),
        *(_meta("name", f"twitter:{key}", value) for key, value in card.items()),
    ]
    head, end, rest = _GRADIOS.sub("", page).partition("</head>")
    return head + "\n".join((*lines, shared_head())) + end + rest


def _meta(kind: str, name: str, value: str) -> str:
    return f'<meta {kind}="{name}" content="{html.escape(value)}" />'


class PageHead:
    """Middleware that puts title, description and preview into the page; other responses pass unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; the page at ``/`` gets the head."""
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] != "/":
            await self.app(scope, receive, send)
            return
        root = root_of(scope)
        await self.app(scope, receive, _Described(send, root))


class _Described:
    """Collects a response and sends it with the page's head, where it is HTML."""

    def __init__(self, send: Send, root: str) -> None:
        self.send, self.root = send, root
        self.start: Message = {}
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        headers = dict(self.start["headers"])
        if headers.get(b"content-type", b"").startswith(b"text/html"):
            self.body = described(self.body.decode(), self.root).encode()
            headers[b"content-length"] = str(len(self.body)).encode()
        await self.send(self.start | {"headers": list(headers.items())})
        await self.send({"type": "http.response.body", "body": self.body})
