"""Calls in child processes: their results, their limits, and that what goes wrong in one is no other's trouble."""

from __future__ import annotations

import faulthandler
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from saliency import bounded as module
from saliency.bounded import MOST_CHILDREN, bounded, bounded_items
from saliency.errors import PictureError
from saliency.imaging import format_of

ENDLESS = (re.match, "(a+)+$", "a" * 60 + "b")  # of C code that does not give up Python's lock
needs_proc = pytest.mark.skipif(sys.platform != "linux", reason="other systems have no limit of memory")


@pytest.fixture
def limits(monkeypatch):
    """Sets the limits of later calls."""

    def of(seconds: float, megabytes: float = 1024) -> None:
        monkeypatch.setenv("SALIENCY_READ_SECONDS", str(seconds))
        monkeypatch.setenv("SALIENCY_READ_MEGABYTES", str(megabytes))

    return of


def test_results_are_the_functions_and_the_callers_own():
    assert bounded(divmod, 17, 5) == (3, 2)
    array = bounded(np.arange, 100_000, dtype=np.int32)
    assert np.array_equal(array, np.arange(100_000, dtype=np.int32))
    array[:] = 0
    assert np.array_equal(bounded(np.zeros, (0, 3)), np.zeros((0, 3)))


def test_what_a_function_raises_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        bounded(divmod, 1, 0)
    with pytest.raises(PictureError, match="not a picture"):
        bounded(format_of, b"Dear friend")


def test_a_call_ends_in_time_and_the_next_one_works(limits):
    bounded(len, b"")
    limits(seconds=0.3)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        bounded(*ENDLESS)
    assert time.monotonic() - begun < 3
    limits(seconds=4)
    assert bounded(len, b"four") == 4


def test_others_work_meanwhile(limits):
    """In this process the same call would hold Python's lock until its end."""
    bounded(len, b"")
    limits(seconds=1)
    with ThreadPoolExecutor() as threads:
        hostile = threads.submit(bounded, *ENDLESS)
        time.sleep(0.1)
        assert bounded(len, b"four") == 4
        assert not hostile.done()
        assert isinstance(hostile.exception(), TimeoutError)


@needs_proc
def test_a_call_that_wants_too_much_memory_fails_and_the_next_one_works(limits):
    limits(seconds=4, megabytes=100)
    assert len(bounded(bytearray, 50 * 2**20)) == 50 * 2**20
    with pytest.raises(MemoryError):
        bounded(bytearray, 200 * 2**20)
    assert len(bounded(bytearray, 50 * 2**20)) == 50 * 2**20


@pytest.mark.parametrize("crash", [os.abort, faulthandler._sigsegv], ids=["abort", "segfault"])
def test_a_crash_is_the_childs_alone(crash, capfd):
    with pytest.raises(ChildProcessError):
        bounded(crash)
    assert bounded(len, b"four") == 4


def test_callers_at_once_get_their_own_results_from_few_children():
    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(lambda number: bounded(np.full, 50_000, number), range(40)))
    assert [set(result.tolist()) for result in results] == [{number} for number in range(40)]
    assert 1 <= len(module._idle) <= MOST_CHILDREN


def numbers(count: int, then: object = None, *arguments: object):
    """Arrays of 0, 1, ...; then a call."""
    for number in range(count):
        yield np.full(50_000, number)
    if callable(then):
        then(*arguments)


def first(item: np.ndarray) -> int:
    [value] = set(item.tolist())
    return value


def test_items_of_a_generator_come_one_by_one():
    assert [first(item) for item in bounded_items(numbers, 5)] == [0, 1, 2, 3, 4]
    assert list(bounded_items(numbers, 0)) == []
    assert bounded(len, b"four") == 4


@pytest.mark.parametrize(
    ("then", "raised"),
    [
        ((divmod, 1, 0), ZeroDivisionError),
        (ENDLESS, TimeoutError),
        pytest.param((bytearray, 2 * 2**30), MemoryError, marks=needs_proc),
        ((os.abort,), ChildProcessError),
    ],
    ids=["an error", "too long", "too much memory", "a crash"],
)
def test_what_ends_a_generator_comes_after_its_items(limits, then, raised, capfd):
    limits(seconds=1)
    items = bounded_items(numbers, 3, *then)
    assert [first(next(items)) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(raised):
        next(items)
    assert bounded(len, b"four") == 4


@needs_proc
def test_all_items_together_have_the_memory():
    with pytest.raises(MemoryError):
        list(bounded_items(growing, 5))


def growing(count: int):
    memory = []
    for _ in range(count):
        memory.append(bytearray(400 * 2**20))
        yield len(memory)


def test_others_are_called_while_generators_wait():
    waiting = [bounded_items(numbers, 3) for _ in range(MOST_CHILDREN + 1)]
    for items in waiting:
        next(items)
    assert bounded(len, b"four") == 4
    for items in waiting:
        items.close()
    assert bounded(len, b"four") == 4


def test_where_no_child_starts_a_generator_is_read_here(monkeypatch, caplog):
    module._close_all()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert [first(item) for item in bounded_items(numbers, 3)] == [0, 1, 2]
    assert "without limits" in caplog.text


def test_a_child_that_was_ended_while_it_waited_is_replaced():
    bounded(len, b"")
    for child in module._idle:
        child._process.kill()
        child._process.wait()
    assert bounded(len, b"four") == 4


def test_a_child_ends_with_its_parent():
    script = "from saliency.bounded import bounded; import os; print(bounded(os.getpid)); os.kill(os.getpid(), 9)"
    child = int(subprocess.run([sys.executable, "-c", script], stdout=subprocess.PIPE, check=False).stdout)
    for _ in range(100):
        try:
            os.kill(child, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("it is alive")


def test_a_script_without_a_guard_runs_once(tmp_path):
    """With `multiprocessing` it would be run again in the child."""
    script = tmp_path / "script.py"
    script.write_text(
        "print('begun')\nimport numpy as np\nfrom saliency import load_image\n"
        "from PIL import Image\nImage.new('RGB', (40, 30)).save('a.png')\nprint(load_image('a.png').shape)\n"
    )
    ended = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("begun\n(30, 40, 3)\n", "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the system does not fork")
def test_a_forked_process_has_children_of_its_own():
    script = (
        "from saliency.bounded import bounded; import os; mine = bounded(os.getpid)\n"
        "if not os.fork():\n    os._exit(bounded(os.getpid) == mine)\n"
        "status = os.wait()[1]; print(status, bounded(os.getpid) == mine)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (ended.stdout, ended.stderr) == ("0 True\n", "")


def test_where_no_child_starts_the_call_is_made_here_and_logged(monkeypatch, caplog):
    module._close_all()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert bounded(threading.get_ident) == threading.get_ident()
    assert "without limits" in caplog.text


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "four"])
def test_a_limit_is_a_positive_number(value, monkeypatch):
    monkeypatch.setenv("SALIENCY_READ_SECONDS", value)
    with pytest.raises(ValueError, match="SALIENCY_READ_SECONDS must be a positive number"):
        bounded(len, b"")
