"""NumPy arrays and torch tensors in one formula; arrays are computed without importing torch."""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

Array: TypeAlias = "np.ndarray | torch.Tensor"


def namespace(x: Array) -> ModuleType:
    """The library of an array, whose functions it takes: ``numpy`` or ``torch``."""
    if isinstance(x, np.ndarray | np.generic):
        return np
    import torch  # here, because arrays do not need it

    return torch
