"""Work that ends when its visitor cancels it.

Gradio's ``cancels=`` ends the task that waits for a handler. A plain handler would compute on in its thread, hold the
engine and keep the next visitor waiting; one that is `cancellable` stops at its next step.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from functools import wraps
from inspect import isgeneratorfunction
from threading import Event
from typing import Any

_END = object()
_cancelled: ContextVar[Event] = ContextVar("cancelled")  # of the event that is handled; a thread has its handler's


def cancellable(handler: Callable[..., Any]) -> Callable[..., Any]:
    """An event handler, a function or a generator, that `go_on` ends once its event is cancelled."""

    @wraps(handler)
    async def waiting(*args: Any, **kwargs: Any) -> Any:
        cancelled = Event()
        _cancelled.set(cancelled)
        try:
            return await asyncio.to_thread(handler, *args, **kwargs)
        finally:
            cancelled.set()  # the engine may still be at work

    @wraps(handler)
    async def generating(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
        cancelled = Event()
        _cancelled.set(cancelled)
        context = copy_context()  # every step has the first one's
        steps = handler(*args, **kwargs)

        def advance() -> Any:
            step = next(steps, _END)
            if cancelled.is_set():
                steps.close()
            return step

        try:
            while (step := await asyncio.to_thread(context.run, advance)) is not _END:
                yield step
        finally:
            cancelled.set()
            with suppress(ValueError):  # it is running: `advance` closes it
                steps.close()

    return generating if isgeneratorfunction(handler) else waiting


def go_on() -> None:
    """Called between two steps of the work.

    Raises:
        asyncio.CancelledError: the visitor cancelled it. No `Exception`, so that nobody takes it for a failure.
    """
    cancelled = _cancelled.get(None)
    if cancelled and cancelled.is_set():
        raise asyncio.CancelledError
