"""The number format follows what was measured."""

import pytest
import torch

from saliency import precision


@pytest.fixture(autouse=True)
def unmeasured():
    precision.preferred_dtype.cache_clear()
    yield
    precision.preferred_dtype.cache_clear()


@pytest.mark.parametrize(
    ("bfloat16", "float32", "expected"),
    [(1.0, 4.0, torch.bfloat16), (6.0, 1.0, torch.float32), (0.95, 1.0, torch.float32)],
    ids=["AMX", "AVX2", "no clear winner"],
)
def test_the_faster_format_wins(monkeypatch, bfloat16, float32, expected):
    times = {torch.bfloat16: bfloat16, torch.float32: float32}
    monkeypatch.setattr(precision, "_seconds", times.__getitem__)
    assert precision.preferred_dtype() is expected


def test_measured_once(monkeypatch):
    measured = []
    monkeypatch.setattr(precision, "_seconds", lambda dtype: measured.append(dtype) or 1.0)
    assert precision.preferred_dtype() is precision.preferred_dtype()
    assert len(measured) == 2


def test_this_processor_is_measured():
    assert precision.preferred_dtype() in (torch.float32, torch.bfloat16)
    assert 0 < precision._seconds(torch.float32) < 5
