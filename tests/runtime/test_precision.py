"""The number format follows the processor's instructions, and what was measured where they do not decide."""

import pytest
import torch

from saliency.runtime import precision


@pytest.fixture(autouse=True)
def unmeasured():
    precision.preferred_dtype.cache_clear()
    yield
    precision.preferred_dtype.cache_clear()


def has(monkeypatch: pytest.MonkeyPatch, amx: bool, bf16: bool, machine: str = "x86_64") -> None:
    """Makes the processor one with or without these instructions."""
    monkeypatch.setattr(precision.platform, "machine", lambda: machine)
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: bf16)


class Machine:
    """A processor on which a pass takes so many seconds by format; its first `slow` passes take 16 each."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, bfloat16: float, float32: float, slow: int = 0):
        self.times = {torch.bfloat16: bfloat16, torch.float32: float32}
        self.slow = slow
        self.now = 0.0
        self.passes = 0
        monkeypatch.setattr(precision.time, "perf_counter", lambda: self.now)
        monkeypatch.setattr(precision, "_convolution", lambda dtype: lambda: self.work(self.times[dtype]))

    def work(self, seconds: float) -> None:
        self.passes += 1
        self.now += 16.0 if self.passes <= self.slow else seconds


@pytest.mark.parametrize(
    ("bfloat16", "float32", "expected"),
    [(1.0, 4.0, torch.bfloat16), (6.0, 1.0, torch.float32), (0.95, 1.0, torch.float32)],
    ids=["AMX", "AVX2", "no clear winner"],
)
@pytest.mark.parametrize("slow", [0, 5, 12])
def test_the_faster_format_wins_however_slow_the_beginning(monkeypatch, bfloat16, float32, expected, slow):
    """With AMX the first five passes of a process took 16 ms, the later ones 0.4 (float32: 3)."""
    has(monkeypatch, amx=False, bf16=True)
    Machine(monkeypatch, bfloat16, float32, slow)
    assert precision.preferred_dtype("cpu") is expected


def test_measured_once(monkeypatch):
    has(monkeypatch, amx=False, bf16=True)
    machine = Machine(monkeypatch, 1.0, 4.0)
    precision.preferred_dtype("cpu")
    passes = machine.passes
    assert precision.preferred_dtype("cpu") is precision.preferred_dtype("cpu")
    assert machine.passes == passes


@pytest.mark.parametrize(("amx", "expected"), [(True, torch.bfloat16), (False, torch.float32)])
@pytest.mark.parametrize("seconds", [(1.0, 4.0), (4.0, 1.0)])
def test_a_busy_machine_does_not_change_what_its_instructions_decide(monkeypatch, amx, expected, seconds):
    has(monkeypatch, amx=amx, bf16=False)
    machine = Machine(monkeypatch, *seconds)
    assert precision.preferred_dtype("cpu") is expected
    assert machine.passes == 0


def test_other_processors_are_measured(monkeypatch):
    has(monkeypatch, amx=False, bf16=False, machine="aarch64")
    Machine(monkeypatch, 1.0, 4.0)
    assert precision.preferred_dtype("cpu") is torch.bfloat16


def test_this_processor_is_measured():
    assert precision.preferred_dtype("cpu") in (torch.float32, torch.bfloat16)
    [seconds] = precision._seconds([torch.float32]).values()
    assert 0 < seconds < 5
