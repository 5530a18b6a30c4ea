"""What the C library does with memory that tensors no longer need, and how much the process had."""

from __future__ import annotations

import ctypes
import math
import sys

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's <malloc.h>
NEVER = -1


def keep_freed() -> bool:
    """Make the process reuse freed memory for its next tensors; whether the C library can (glibc).

    glibc gives a large tensor's pages back when it is freed, and a network frees a large tensor a layer: the next
    layer's are new ones, which the kernel hands out and clears page by page. Measured on two cores in float32, that
    was a quarter of a trunk's forward pass and a tenth of its training step. A process then stays as large as it ever
    was. Answering in the app gains nothing by it.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS and musl have none; on Windows None is no library
        return False
    return bool(mallopt(MMAP_MAX, 0) and mallopt(TRIM_THRESHOLD, NEVER))


def peak_memory() -> float:
    """The most memory that this process has used, in gigabytes; NaN where the system does not say."""
    if resource is None:
        return math.nan
    # psutil knows the peak on Windows alone.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9
