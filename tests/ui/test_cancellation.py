"""Handlers that end when their event is cancelled, without a browser."""

from __future__ import annotations

import asyncio
import inspect
import threading

import gradio as gr
import pytest

from saliency.errors import TextError
from saliency.ui.shared.cancellation import cancellable, go_on
from saliency.ui.shared.guard import guarded
from saliency.ui.shared.sentences import reporting
from tests.ui.own_thread import finished

_PROGRESS = gr.Progress()


def test_a_handler_answers_and_fails_as_before():
    @cancellable
    @guarded
    def answer(number, progress=_PROGRESS):
        reporting(lambda share, desc: None)(0.5, "half")
        if number < 0:
            raise TextError("Too small.")
        return 2 * number

    assert list(inspect.signature(answer).parameters) == ["number", "progress"]  # as Gradio reads them
    assert finished(answer(21)) == 42
    with pytest.raises(gr.Error, match="Too small"):
        finished(answer(-1))


def test_a_cancelled_handler_stops_at_its_next_step_and_others_go_on():
    begun, cancelled, ended = threading.Event(), threading.Event(), []

    @cancellable
    @guarded
    def work(name):
        if name == "cancelled":
            begun.set()
        cancelled.wait()
        try:
            go_on()
            ended.append(f"{name} went on")
        except BaseException as error:
            ended.append(f"{name} {type(error).__name__}")
            raise

    async def visitors():
        first, second = asyncio.create_task(work("cancelled")), asyncio.create_task(work("other"))
        await asyncio.to_thread(begun.wait)
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert ended == []  # who cancels does not wait for the step
        cancelled.set()
        await second

    finished(visitors())
    assert sorted(ended) == ["cancelled CancelledError", "other went on"]


def test_outside_of_an_event_everything_goes_on():
    go_on()


def test_a_generator_ends_at_its_next_step_and_frees_what_it_holds():
    turn, begun, released = threading.Lock(), threading.Event(), threading.Event()
    done = []

    @cancellable
    @guarded
    def work():
        with turn:
            for step in range(9):
                go_on()
                done.append(step)
                if step == 1:
                    begun.set()
                    released.wait(10)
                yield step

    async def cancelled_at_work():
        async def read():
            return [step async for step in work()]

        reading = asyncio.create_task(read())
        await asyncio.to_thread(begun.wait, 10)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert turn.locked()  # the step at work is finished first
        released.set()
        assert await asyncio.to_thread(turn.acquire, timeout=10)

    async def left_between_steps():
        steps = work()
        assert await anext(steps) == 0
        await steps.aclose()
        assert turn.acquire(timeout=10)

    async def to_the_end():
        return [step async for step in work()]

    for case in (cancelled_at_work, left_between_steps):
        finished(case())
        turn.release()
        done.clear()
        begun.clear()
        released.clear()
    released.set()
    assert finished(to_the_end()) == list(range(9))
