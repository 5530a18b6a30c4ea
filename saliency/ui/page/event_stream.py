"""A page reads that its stream of events is closed before it reads that its next event is accepted."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PATIENCE = 0.5  # seconds, where a page does not hang up or a proxy does not pass it on
_CLOSING = b'"close_stream"'


class EventStreamOrder:
    """Middleware without which a page of Gradio's waits forever now and then, mostly where one event follows another.

    The server closes the stream of a page whose last event has ended. If the page has its next event accepted before
    it has read that, it opens no other stream and never hears of the event. Here an event is not reported as accepted
    before the page has read that its stream is closed: it then hangs up, which is waited for.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._closing: dict[str, asyncio.Event] = {}  # by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request; what is neither a stream of events nor an event passes unchanged."""
        if scope["type"] == "http" and scope["path"].endswith("/queue/data"):
            await self._stream(scope, receive, send)
        elif scope["type"] == "http" and scope["path"].endswith("/queue/join"):
            await self._join(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Ends a stream that was closed when the page has hung up."""
        session = parse_qs(scope["query_string"].decode()).get("session_hash", [""])[0]
        closed = asyncio.Event()
        end: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal end
            if _CLOSING in message.get("body", b""):
                self._closing[session] = closed
            last = message["type"] == "http.response.body" and not message.get("more_body")
            if last and self._closing.get(session) is closed:
                end = message
            else:
                await send(message)

        try:
            await self.app(scope, receive, sending)
            if end:
                with suppress(TimeoutError):
                    await asyncio.wait_for(_hung_up(receive), _PATIENCE)
                await send(end)
        finally:
            closed.set()
            if self._closing.get(session) is closed:
                del self._closing[session]

    async def _join(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Accepts an event; the answer waits while a stream of its session is being closed."""
        body = b""

        async def receiving() -> Message:
            nonlocal body
            message = await receive()
            body += message.get("body", b"")
            return message

        async def sending(message: Message) -> None:
            starts = message["type"] == "http.response.start"
            if starts and self._closing and (closed := self._closing.get(_session(body))):
                with suppress(TimeoutError):
                    await asyncio.wait_for(closed.wait(), _PATIENCE)
            await send(message)

        await self.app(scope, receiving, sending)


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _session(body: bytes) -> str:
    """The session that an event names; none where it is not an event, which Gradio refuses."""
    with suppress(ValueError, AttributeError):
        return str(json.loads(body).get("session_hash"))
    return ""
