"""Which number format is fastest on this processor: measured, never assumed."""

from __future__ import annotations

import time
from functools import cache

import torch
from torch import nn


@cache
def preferred_dtype(device: str = "cpu") -> torch.dtype:
    """bfloat16 where this device convolves clearly faster in it than in float32, else float32.

    On a CPU this is measured once, in a few milliseconds: bfloat16 is several times faster with AMX or AVX-512 BF16,
    and several times slower with AVX2 alone.
    """
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    return torch.bfloat16 if _seconds(torch.bfloat16) < 0.75 * _seconds(torch.float32) else torch.float32


@torch.inference_mode()
def _seconds(dtype: torch.dtype, repeats: int = 5) -> float:
    """Best time of a convolution like the trunks'."""
    layer = nn.Conv2d(128, 128, 3, padding=1).to(dtype, memory_format=torch.channels_last)
    x = torch.zeros(2, 128, 30, 40, dtype=dtype).to(memory_format=torch.channels_last)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        layer(x)
        times.append(time.perf_counter() - started)
    return min(times)
