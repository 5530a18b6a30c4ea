"""Calls on files of strangers, in a child process that has a limit of time and one of memory.

A few bytes can cost a decoder minutes and gigabytes, and a decoder in C cannot be interrupted: it holds Python's lock
while it works. In a child process that is no trouble of anybody else's. Children are kept for later calls, so that only
the first pays their start; one that exceeds a limit or crashes is replaced.

They are started as ``python -c``, not by `multiprocessing`, which would run the caller's script again where that has no
``if __name__ == "__main__"``. A child is no sandbox: it may do what this process may do, and its results are pickles.

Seconds are those of the processor, so that nothing is refused because other programs are at work; by the clock it may
be `PATIENCE` times as many. Windows counts by the clock alone, and only Linux limits memory.
"""

from __future__ import annotations

import atexit
import faulthandler
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import GeneratorType
from typing import IO, Any, ParamSpec, TypeVar

import numpy as np

from .errors import SaliencyError
from .settings import read_limits

MOST_CHILDREN = 2
"""More calls at once wait: each may use all of the memory that one is allowed."""

PATIENCE = 4

_BY_THE_CLOCK = 1  # exit status of faulthandler's watchdog
_READY = b"+"

_logger = logging.getLogger(__name__)
_P = ParamSpec("_P")
_T = TypeVar("_T")


def bounded(function: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs) -> _T:
    """What a function returns, called in a child process within `settings.read_limits`.

    Where no child can be started, which is logged, the function is called here without limits.

    Args:
        function: of a module, so that it can be imported there.
        arguments, options: are pickled, as are the result and exceptions. Arrays are returned without a copy.

    Raises:
        TimeoutError: it took too long.
        MemoryError: it needed too much memory.
        ChildProcessError: the child crashed.
    """
    if _in_child:
        return function(*arguments, **options)
    with _slots:
        child = _ready_child()
        if child is None:
            return function(*arguments, **options)
        try:
            child.request(function, arguments, options)
            result, raised, _ = child.answer()
        except BaseException:  # also where it was interrupted: the answer to come is nobody's
            child.close()
            raise
        _idle.append(child)
    if raised is not None:
        raise raised
    return result


def bounded_items(
    function: Callable[_P, Iterator[_T]], *arguments: _P.args, **options: _P.kwargs
) -> Generator[_T, None, None]:
    """What a generator function yields, as `bounded`: every item within the time, all of them within the memory.

    The child works on the next item while the caller has one, and waits then. It is none of `MOST_CHILDREN`: it may
    last as long as its caller wants, and may be asked for while another is.
    """
    child = None if _in_child else _ready_child()
    if child is None:
        yield from function(*arguments, **options)
        return
    more = True
    try:
        child.request(function, arguments, options)
        while more:
            item, raised, more = child.answer()
            if raised is not None:
                raise raised
            if more:
                yield item
    finally:
        if more or len(_idle) >= MOST_CHILDREN:  # at work on an item that nobody wants, or has crashed
            child.close()
        else:
            _idle.append(child)


def read_within_limits(
    error: type[SaliencyError], function: Callable[_P, _T], *arguments: _P.args, **options: _P.kwargs
) -> _T:
    """`bounded`, of a function that reads a file.

    Raises:
        SaliencyError: `error` where it exceeds a limit or crashes; else what the function raises.
    """
    with refused_as(error):
        return bounded(function, *arguments, **options)


@contextmanager
def refused_as(
    error: type[SaliencyError],
    slow: str = "Reading the file takes longer than {seconds:g} seconds; please save it anew, in another format.",
) -> Iterator[None]:
    """Within it, what `bounded` raises of its own is raised as `error`.

    Args:
        slow: sentence where reading takes too long, with the field ``seconds``.
    """
    seconds, megabytes = read_limits()
    try:
        yield
    except TimeoutError:
        raise error(slow, seconds=seconds) from None
    except MemoryError:
        raise error(
            "Reading the file takes more than {megabytes:g} MB of memory; please save it anew, in another format.",
            megabytes=megabytes,
        ) from None
    except ChildProcessError:
        raise error("The file cannot be read; it seems to be damaged.") from None


# --- this process -----------------------------------------------------------------------------------------------------


class _Child:
    """A child process that waits for calls. Raises OSError where it does not start."""

    def __init__(self) -> None:
        paths = os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, sys.path)])
        # One thread each: the pools of NumPy's and OpenCV's libraries would only cost memory.
        environment = {**os.environ, "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-W", "ignore", "-c", "from saliency.bounded import _serve; _serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        self._requests, self._answers = _pipe(self._process.stdin), _pipe(self._process.stdout)
        if self._answers.read(1) != _READY:
            self.close()
            raise OSError("it ended while it started")

    def alive(self) -> bool:
        return self._process.poll() is None

    def request(self, function: Any, arguments: Any, options: Any) -> None:
        """Asks for a call; the answers have to be read."""
        with suppress(BrokenPipeError):  # it has ended; `answer` says why
            pickle.dump((function, arguments, options, *read_limits()), self._requests, protocol=5)
            self._requests.flush()

    def answer(self) -> tuple[Any, Exception | None, bool]:
        """The result of a call, or an item of it; the exception that it raised; whether there are more answers."""
        try:
            sizes, answer = pickle.load(self._answers)
            buffers = [np.empty(size, np.uint8) for size in sizes]
            for buffer in buffers:
                if self._answers.readinto(buffer) < len(buffer):  # type: ignore[attr-defined]
                    raise EOFError
        except (EOFError, pickle.UnpicklingError):
            if self._process.wait() in (_BY_THE_CLOCK, -getattr(signal, "SIGPROF", 0)):
                raise TimeoutError from None
            raise ChildProcessError from None
        return pickle.loads(answer, buffers=buffers)

    def close(self) -> None:
        self._process.kill()
        for pipe in (self._requests, self._answers):
            with suppress(BrokenPipeError):  # what was not sent
                pipe.close()
        self._process.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


_idle: list[_Child] = []
_slots = threading.BoundedSemaphore(MOST_CHILDREN)
_in_child = False  # where the limits hold already


def _ready_child() -> _Child | None:
    """A child that waits, or a new one; None, which is logged, where none can be started."""
    try:
        return _idle_child() or _Child()
    except OSError as error:
        _logger.warning("Files are read without limits of time and memory: no child process starts (%s).", error)
        return None


def _idle_child() -> _Child | None:
    """A child that waits, if any; those that were ended meanwhile are forgotten."""
    with suppress(IndexError):  # another thread may take the last one
        while True:
            child = _idle.pop()
            if child.alive():
                return child
            child.close()
    return None


@atexit.register
def _close_all() -> None:
    while _idle:
        _idle.pop().close()


def _after_fork() -> None:
    """A forked process must not talk to the children of its parent."""
    global _slots
    for child in _idle:
        child._process.returncode = 0  # not ours to wait for
    _idle.clear()
    _slots = threading.BoundedSemaphore(MOST_CHILDREN)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# --- the child --------------------------------------------------------------------------------------------------------


def _serve() -> None:
    """Answers calls until the parent process ends, or closes the pipe."""
    global _in_child
    _in_child = True
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: for the parent to handle
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints is no answer
    answers.write(_READY)
    answers.flush()
    # The requests end, or nobody reads the answers.
    with suppress(EOFError, BrokenPipeError), open(os.devnull, "w") as nowhere:
        while True:
            function, arguments, options, seconds, megabytes = pickle.load(requests)
            for answer in _results(function, arguments, options, seconds, megabytes, nowhere):
                _send(answer, answers)
            del function, arguments, options, answer  # nothing is kept of a file


def _results(
    function: Any, arguments: Any, options: Any, seconds: float, megabytes: float, nowhere: IO[str]
) -> Iterator[tuple[Any, Exception | None, bool]]:
    """As `_Child.answer` gives them: of a generator its items and its end, else one."""
    try:
        with _memory(megabytes):
            with _time(seconds, nowhere):
                result = function(*arguments, **options)
            while isinstance(result, GeneratorType):
                with _time(seconds, nowhere):
                    item = next(result, result)
                if item is result:  # its end
                    result = None
                else:
                    yield item, None, True
                    del item
    except Exception as raised:
        yield None, raised.with_traceback(None), False
    else:
        yield result, None, False


def _send(answer: Any, answers: IO[bytes]) -> None:
    buffers: list[pickle.PickleBuffer] = []
    content = pickle.dumps(answer, protocol=5, buffer_callback=buffers.append)
    pickle.dump(([buffer.raw().nbytes for buffer in buffers], content), answers, protocol=5)
    for buffer in buffers:
        answers.write(buffer.raw())
    answers.flush()


@contextmanager
def _time(seconds: float, nowhere: IO[str]) -> Iterator[None]:
    """Within it, this process ends after so many seconds, also where C code is at work."""
    faulthandler.dump_traceback_later(PATIENCE * seconds, exit=True, file=nowhere)
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)  # its signal ends a process that does not handle it
    try:
        yield
    finally:
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_PROF, 0)
        faulthandler.cancel_dump_traceback_later()


@contextmanager
def _memory(megabytes: float) -> Iterator[None]:
    """Within it, this process may use that much memory more than it does now, where the system can say so."""
    try:
        import resource

        used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
        before = resource.getrlimit(resource.RLIMIT_DATA)
        most = used + int(megabytes * 2**20)
        resource.setrlimit(resource.RLIMIT_DATA, (most if before[1] < 0 else min(most, before[1]), before[1]))
    except (ImportError, OSError):  # not on Linux
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)
