"""An event is not reported as accepted before its page has read that its stream of events is closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable

import pytest
from starlette.types import Message, Receive, Scope, Send

from saliency.ui.page import event_stream
from saliency.ui.page.event_stream import EventStreamOrder
from tests.ui.own_thread import finished

CLOSING = b'data: {"msg":"close_stream"}\n\n'


async def queue(scope: Scope, receive: Receive, send: Send) -> None:
    """A stream that is closed at once, or an event that is accepted."""
    stream = scope["path"].endswith("/queue/data")
    if not stream:
        await receive()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    if stream:
        await send({"type": "http.response.body", "body": CLOSING, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


class Visitor:
    """A page with a stream and an event; `answers` are the messages of the event's answer."""

    def __init__(self, order: EventStreamOrder) -> None:
        self.order = order
        self.hang_up = asyncio.Event()
        self.answers: list[Message] = []

    async def stream(self, session: str) -> list[Message]:
        async def receive() -> Message:
            await self.hang_up.wait()
            return {"type": "http.disconnect"}

        sent: list[Message] = []
        await self.order(request("data", f"session_hash={session}"), receive, appending(sent))
        return sent

    async def join(self, body: bytes) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": body}

        await self.order(request("join"), receive, appending(self.answers))


def request(name: str, query: str = "") -> Scope:
    return {"type": "http", "path": f"/gradio_api/queue/{name}", "query_string": query.encode()}


def appending(messages: list[Message]) -> Callable[[Message], Awaitable[None]]:
    async def send(message: Message) -> None:
        messages.append(message)

    return send


def event_of(session: str) -> bytes:
    return json.dumps({"session_hash": session, "data": []}).encode()


async def closing(visitor: Visitor) -> asyncio.Task[list[Message]]:
    """The visitor's stream, whose closing is sent and not yet read."""
    stream = asyncio.create_task(visitor.stream("mine"))
    await asyncio.sleep(0.01)
    return stream


def test_an_event_waits_until_its_page_has_hung_up():
    async def scenario() -> None:
        visitor = Visitor(EventStreamOrder(queue))
        stream = await closing(visitor)
        event = asyncio.create_task(visitor.join(event_of("mine")))
        await asyncio.sleep(0.05)
        assert visitor.answers == []
        visitor.hang_up.set()
        await event
        assert [message["type"] for message in visitor.answers] == ["http.response.start", "http.response.body"]
        assert [message.get("body") for message in await stream] == [None, CLOSING, b""]
        later = Visitor(visitor.order)
        await asyncio.wait_for(later.join(event_of("mine")), 0.2)

    finished(scenario())


@pytest.mark.parametrize("body", [event_of("another"), b"no JSON", b"[1]", b""])
def test_what_is_not_of_the_session_does_not_wait(body):
    async def scenario() -> None:
        visitor = Visitor(EventStreamOrder(queue))
        stream = await closing(visitor)
        await asyncio.wait_for(visitor.join(body), 0.2)
        assert len(visitor.answers) == 2
        visitor.hang_up.set()
        await stream

    finished(scenario())


def test_who_does_not_hang_up_is_waited_for_no_longer_than_the_patience(monkeypatch):
    monkeypatch.setattr(event_stream, "_PATIENCE", 0.1)

    async def scenario() -> None:
        visitor = Visitor(EventStreamOrder(queue))
        stream = await closing(visitor)
        await asyncio.wait_for(visitor.join(event_of("mine")), 1)
        assert len(await asyncio.wait_for(stream, 1)) == 3

    finished(scenario())
