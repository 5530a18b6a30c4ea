"""What the C library does with memory that tensors no longer need."""

from __future__ import annotations

import ctypes

TRIM_THRESHOLD, MMAP_MAX = -1, -4  # M_TRIM_THRESHOLD and M_MMAP_MAX of glibc's <malloc.h>
NEVER = -1


def keep_freed() -> bool:
    """Have freed memory kept by this process for its next tensors; whether the C library can (glibc).

    glibc gives a large tensor's pages back when it is freed, and a network frees a large tensor a layer: the next
    layer's are new ones, which the kernel hands out and clears page by page. That is a third of the time of a trunk's
    forward pass on a processor, and more of a training step's. A process then stays as large as it ever was.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS and musl have none; on Windows None is no library
        return False
    return bool(mallopt(MMAP_MAX, 0) and mallopt(TRIM_THRESHOLD, NEVER))
