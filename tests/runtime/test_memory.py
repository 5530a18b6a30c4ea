"""Freed memory stays with the process where the C library can keep it."""

import subprocess
import sys

import pytest

from saliency.runtime.memory import keep_freed

CODE = """
import resource
import torch
from saliency.runtime.memory import keep_freed

def new_pages(megabytes):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(megabytes << 20, dtype=torch.uint8)[::4096] = 1
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

# A little less each time: small things may since lie where the last tensor ended.
new_pages(100), print(new_pages(90), keep_freed(), new_pages(100), new_pages(90))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems keep no page faults to count")
def test_memory_is_asked_for_once():
    """In a process of its own, since it is changed for good."""
    run = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    before, applied, _, after = run.stdout.split()
    if applied != "True":
        pytest.skip("this C library cannot keep memory")
    pages = (90 << 20) // 4096
    assert int(before) > 0.9 * pages  # freed and asked for anew
    assert int(after) < 0.01 * pages


def test_a_c_library_that_cannot_is_left_alone(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    assert keep_freed() is False
