"""Work that ends when its visitor cancels it.

Gradio's ``cancels=`` ends the task that waits for a handler. A plain handler would compute on in its thread, hold the
engine and keep the next visitor waiting; one that is `cancellable` stops at its next step.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import wraps
from threading import Event
from typing import Any

_cancelled: ContextVar[Event] = ContextVar("cancelled")  # of the event that is handled; a thread has its handler's


def cancellable(handler: Callable[..., Any]) -> Callable[..., Awaitable[Any]]:
    """An event handler, no generator, that `go_on` ends once its event is cancelled."""

    @wraps(handler)
    async def waiting(*args: Any, **kwargs: Any) -> Any:
        cancelled = Event()
        _cancelled.set(cancelled)
        try:
            return await asyncio.to_thread(handler, *args, **kwargs)
        finally:
            cancelled.set()  # whoever is still at work works for nobody

    return waiting


def go_on() -> None:
    """Stands between two steps of the work.

    Raises:
        asyncio.CancelledError: the visitor cancelled it. No `Exception`, so that nobody takes it for a failure.
    """
    cancelled = _cancelled.get(None)
    if cancelled and cancelled.is_set():
        raise asyncio.CancelledError
