"""Files that mean harm, or that nobody expected: each is read rightly or refused with a sentence, at a bounded cost."""

from __future__ import annotations

import resource
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from saliency import bounded
from saliency.errors import PictureError
from saliency.imaging import format_of, load_image
from saliency.settings import read_limits
from tests.hostile_pictures import COSTLY, FORMATS, MODES, ODD, encoded, scene

SECONDS = 0.5
few = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def attempted(content: bytes, read=load_image):
    """What is read, or the sentence of the error."""
    try:
        return read(content)
    except PictureError as error:
        return str(error)


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Seconds of the processor that children take within it, and their memory above that at rest, in megabytes."""
    bounded._close_all()
    bounded.bounded(len, b"")
    [child] = bounded._idle
    status = Path(f"/proc/{child._process.pid}/status")
    peaks, ended, cost = [_peak(status)], threading.Event(), {}

    def watch() -> None:
        while not ended.wait(0.01):
            with suppress(OSError, StopIteration):
                peaks.append(_peak(status))

    watcher = threading.Thread(target=watch)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    watcher.start()
    try:
        yield cost
    finally:
        ended.set()
        watcher.join()
        bounded._close_all()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cost["seconds"] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        cost["megabytes"] = max(peaks) - peaks[0]


def _peak(status: Path) -> float:
    [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")] or [""]
    return int(line.split()[1]) / 1024 if line else 0


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="it is measured as Linux shows it")
@pytest.mark.parametrize("name", COSTLY)
def test_few_bytes_buy_little_time_and_memory(name, monkeypatch):
    monkeypatch.setenv("SALIENCY_READ_SECONDS", str(SECONDS))
    monkeypatch.setenv("SALIENCY_READ_MEGABYTES", "400")
    content = COSTLY[name]()
    with measured() as cost:
        result = attempted(content)
    assert isinstance(result, np.ndarray) or result.endswith(".")
    assert cost["seconds"] < SECONDS + 1  # to start a child, and to end it
    assert cost["megabytes"] < 420  # as it is sampled
    assert load_image(encoded(scene())).shape == (72, 96, 3)  # and the next picture is read


def test_the_limits_are_four_seconds_and_a_gigabyte_unless_the_host_says_otherwise(monkeypatch):
    for name in ("SALIENCY_READ_SECONDS", "SALIENCY_READ_MEGABYTES"):
        monkeypatch.delenv(name, raising=False)
    assert read_limits() == (4, 1024)


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_is_a_picture_or_a_sentence(name):
    result = attempted(ODD[name]())
    if isinstance(result, str):
        assert result[0].isupper()
        assert result.endswith(".")
    else:
        assert (result.dtype, result.ndim, result.shape[2]) == (np.uint8, 3, 3)
        assert min(result.shape[:2]) >= 8
    assert isinstance(attempted(ODD[name](), format_of), str)


def test_the_corpus_is_large():
    assert len(COSTLY) + len(ODD) > 200


@pytest.mark.parametrize(("format", "mode"), [(format, mode) for format, modes in MODES.items() for mode in modes])
def test_every_mode_shows_the_same_scene(format, mode):
    """In one bit less of it is left, and of Lab the bytes are those of RGB here."""
    picture = load_image(ODD[f"{format} in {mode}"]()).mean(axis=2)
    grey = np.asarray(scene().convert("L")).astype(float)
    assert np.corrcoef(picture.ravel(), grey.ravel())[0, 1] > (0.1 if mode == "LAB" else 0.3 if mode == "1" else 0.9)


@pytest.mark.parametrize("tag", [0, 9, 65_535])
@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
def test_an_orientation_that_there_is_not_turns_nothing(format, tag):
    lying = load_image(ODD[f"{format} that says its orientation is {tag}"]())
    assert np.array_equal(lying, load_image(ODD[f"{format} that says its orientation is 1"]()))


@few
@given(data=st.data(), format=st.sampled_from(FORMATS))
def test_changed_bytes_are_a_picture_or_a_sentence(data, format):
    content = bytearray(encoded(scene(), format))
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=6))
    result = attempted(bytes(content))
    assert isinstance(result, np.ndarray) or result.endswith(".")


@few
@given(st.binary(max_size=300), st.sampled_from([b"", *(encoded(scene(), format)[:24] for format in FORMATS)]))
@example(b"", b"")
def test_any_bytes_are_a_picture_or_a_sentence(rest, head):
    result = attempted(head + rest)
    assert isinstance(result, np.ndarray) or result.endswith(".")
