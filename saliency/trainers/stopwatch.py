"""What a run takes, over all its breaks."""

from __future__ import annotations

import time
from typing import Any

import torch
from pydantic import ValidationError

from .. import precision
from ..checkpoints import Effort


class Stopwatch:
    """Runs from its creation on.

    Args:
        device: kind of the device that computes.
    """

    def __init__(self, device: str):
        self._device = device
        self._began = _clocks()
        self._before: Effort | None = None
        self._known = True

    def go_on(self, before: dict[str, Any] | None) -> None:
        """Count on from what a run's state says that it had taken; from then on nothing is known if that does not."""
        try:
            self._before = Effort.model_validate(before)
        except ValidationError:  # nobody measured it, or it was written otherwise then
            self._known = False

    def read(self) -> Effort | None:
        """What the run has taken; None where that is not known of all of it, or it was not done with the same means."""
        minutes, cpu_minutes = (now - then for now, then in zip(_clocks(), self._began, strict=True))
        means = {
            "device": self._device,
            "cores": torch.get_num_threads(),
            "precision": str(precision.preferred_dtype(self._device)).removeprefix("torch."),
        }
        if self._before:
            self._known &= self._before.model_dump(include=means.keys()) == means
            minutes, cpu_minutes = minutes + self._before.minutes, cpu_minutes + self._before.cpu_minutes
        return Effort(minutes=round(minutes, 3), cpu_minutes=round(cpu_minutes, 3), **means) if self._known else None


def _clocks() -> tuple[float, float]:
    """Minutes, and minutes of this process's processor time, since some moment."""
    return time.perf_counter() / 60, time.process_time() / 60
