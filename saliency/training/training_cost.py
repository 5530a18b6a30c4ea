"""The cost of a training run, summed over its interruptions."""

from __future__ import annotations

import time
from typing import Any

import torch
from pydantic import ValidationError

from ..checkpoints import Effort
from ..runtime import precision


class CostMeter:
    """Measures wall-clock and CPU time from its creation on.

    Args:
        device: kind of the device that computes.
    """

    def __init__(self, device: str):
        self._device = device
        self._began = _clocks()
        self._before: Effort | None = None
        self._known = True

    def resume(self, before: dict[str, Any] | None) -> None:
        """Continue from the cost stored in the run's state; without one the total is unknown."""
        try:
            self._before = Effort.model_validate(before)
        except ValidationError:  # not measured, or of an older format
            self._known = False

    def read(self) -> Effort | None:
        """The total cost; None if a part is unknown or ran with another device, number of cores or precision."""
        minutes, cpu_minutes = (now - then for now, then in zip(_clocks(), self._began, strict=True))
        setup = {
            "device": self._device,
            "cores": torch.get_num_threads(),
            "precision": str(precision.preferred_dtype(self._device)).removeprefix("torch."),
        }
        if self._before:
            self._known &= self._before.model_dump(include=set(setup)) == setup
            minutes, cpu_minutes = minutes + self._before.minutes, cpu_minutes + self._before.cpu_minutes
        return Effort(minutes=round(minutes, 3), cpu_minutes=round(cpu_minutes, 3), **setup) if self._known else None


def _clocks() -> tuple[float, float]:
    """Minutes, and minutes of this process's processor time, since some moment."""
    return time.perf_counter() / 60, time.process_time() / 60
