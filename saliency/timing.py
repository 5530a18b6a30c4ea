"""Timing of maps, and the machine; every task has a picture and sentences of its own, unknown to any cache."""

from __future__ import annotations

import platform
import re
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .conditions import COMPARED, Condition
from .predictor import Predictor
from .results import Comparison

SIZE = (480, 640)
ROUNDS = 5

_SENTENCES = {
    Condition.PURE: "",
    Condition.GENERAL: "Some grass, a man in a blue shirt walking his dog, and water, number {}.",
    Condition.SALIENT: "A man in a blue shirt is walking his dog, number {}.",
    Condition.NON_SALIENT: "A skate park next to a body of water and a green park, number {}.",
}


@dataclass(frozen=True)
class Task:
    """A picture file and sentences that are in no cache."""

    picture: bytes
    sentences: Mapping[Condition | str, str]


def task(number: int) -> Task:
    """The `number`-th picture, smooth random colours of `SIZE` as a JPEG, and its sentences."""
    coarse = np.random.default_rng(number).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(coarse).resize(SIZE[::-1], Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return Task(file.getvalue(), {condition: _SENTENCES[condition].format(number) for condition in COMPARED})


def together(
    predictor: Predictor, work: Task, models: Sequence[str] | None = None
) -> tuple[dict[str, float], Comparison]:
    """Seconds of each stage when all maps are asked for at once, the resize to the picture's size included.

    Args:
        models: default all of the predictor's.
    """
    started = time.perf_counter()
    comparison = predictor.predict(work.picture, work.sentences, models=models)
    predicted = time.perf_counter()
    for prediction in comparison.predictions:
        prediction.map  # noqa: B018 - computed at access
    resize = time.perf_counter() - predicted
    return {**comparison.timings, "resize": resize, "total": predicted - started + resize}, comparison


def timed_rounds(predictor: Predictor, model: str, number: int = ROUNDS) -> Iterator[dict[str, float]]:
    """Seconds of each stage for one model's maps under the four conditions, `number` times, after one to warm up.

    Each round has a picture and sentences of its own, which no cache knows, even from an earlier call.
    """
    first = secrets.randbits(48)
    together(predictor, task(first), [model])
    for following in range(1, number + 1):
        yield together(predictor, task(first + following), [model])[0]


@dataclass(frozen=True)
class Machine:
    """The hardware that a model runs on.

    Attributes:
        device: ``cpu`` or ``cuda``.
        processor: its name.
        capability: of a CPU, the widest instructions that PyTorch uses, e.g. ``AVX512``; of a GPU, e.g. ``9.0``.
        dtype: the number format computed in, ``float32`` or ``bfloat16``.
        threads: of the CPU.
    """

    device: str
    processor: str
    capability: str
    dtype: str
    threads: int


def machine(predictor: Predictor) -> Machine:
    """The machine that `predictor` uses."""
    if predictor.device.type == "cuda":
        name = torch.cuda.get_device_name(predictor.device)
        capability = ".".join(map(str, torch.cuda.get_device_capability(predictor.device)))
    else:
        name, capability = _processor(), torch.backends.cpu.get_cpu_capability()
    dtype = str(predictor.dtype).removeprefix("torch.")
    return Machine(predictor.device.type, name, capability, dtype, torch.get_num_threads())


def _processor() -> str:
    """Name of the processor: from /proc/cpuinfo on Linux, elsewhere from the platform module."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()
