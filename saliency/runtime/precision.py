"""Which number format is fastest on this processor: by its instructions where they decide, else measured."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Sequence
from functools import cache, partial

import torch
from torch import Tensor, nn

_X86 = ("x86_64", "AMD64")  # others have instructions of their own for bfloat16


@cache
def preferred_dtype(device: str) -> torch.dtype:
    """bfloat16 where this device convolves clearly faster in it than in float32, else float32.

    On a CPU, bfloat16 is several times faster with AMX, and several times slower without any instruction for it (AVX2
    alone). In between (AVX-512 BF16) it is measured once, in a fraction of a second. The answer must not depend on how
    busy the machine is: stored scores belong to a number format.
    """
    if torch.device(device).type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if _supports("_is_amx_tile_supported") is True:
        return torch.bfloat16
    if platform.machine() in _X86 and _supports("_is_avx512_bf16_supported") is False:
        return torch.float32
    seconds = _seconds((torch.bfloat16, torch.float32))
    return torch.bfloat16 if seconds[torch.bfloat16] < 0.75 * seconds[torch.float32] else torch.float32


def autocast(device: torch.device | str, dtype: torch.dtype | None = None) -> torch.autocast:
    """The context that computes in `dtype`, bfloat16 or float32; by default the device's `preferred_dtype`."""
    kind = torch.device(device).type
    return torch.autocast(kind, torch.bfloat16, enabled=(dtype or preferred_dtype(kind)) is torch.bfloat16)


def _supports(instructions: str) -> bool | None:
    """Whether the processor has these instructions, by one of PyTorch's private functions; None where it is missing."""
    reports = getattr(torch.cpu, instructions, None)
    return None if reports is None else bool(reports())


@torch.inference_mode()
def _seconds(dtypes: Sequence[torch.dtype], rounds: int = 12) -> dict[torch.dtype, float]:
    """Best time of a convolution like the trunks', by format.

    The formats take turns: the first passes of a process take tens of milliseconds, whatever they compute, while its
    threads start, and a busy machine is busy for all of them.
    """
    passes = {dtype: _convolution(dtype) for dtype in dtypes}
    best = dict.fromkeys(dtypes, math.inf)
    for _ in range(rounds):
        for dtype, run in passes.items():
            started = time.perf_counter()
            run()
            best[dtype] = min(best[dtype], time.perf_counter() - started)
    return best


def _convolution(dtype: torch.dtype) -> Callable[[], Tensor]:
    layer = nn.Conv2d(128, 128, 3, padding=1).to(dtype, memory_format=torch.channels_last)
    x = torch.zeros(2, 128, 30, 40, dtype=dtype).to(memory_format=torch.channels_last)
    return partial(layer, x)
