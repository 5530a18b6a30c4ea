"""Terms of the training loss that a model defines itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor

from .features import SaliencyOutput


class Targets(Protocol):
    """What a training batch knows of the maps of T sentences, see `training.targets.batch.Batch`.

    Attributes:
        density: (T, 1, h, w) >= 0, of gaze.
        fixations: (T, 1, h, w) binary.
        named: (T, 1, h, w) in [0, 1], cells covered by the boxes of what the sentence names; zero where unknown.
        boxed: (T,) bool, whether these boxes are known.
    """

    density: Tensor
    fixations: Tensor
    named: Tensor
    boxed: Tensor


# A term of a model's own in its training loss, from what it answers in training mode.
OwnLoss = Callable[[SaliencyOutput, Targets], Tensor]
