"""``make bench``: how long twelve maps take, stage by stage, against twelve single passes, and how much memory."""

from __future__ import annotations

import platform
import re
import resource
import secrets
import statistics
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from . import checkpoints
from .conditions import COMPARED, Condition
from .models import registry
from .predictor import Predictor
from .results import Comparison
from .session import STAGES

SIZE = (480, 640)
ROUNDS = 5
SECONDS, GIGABYTES = 1.5, 2.0  # what the project promises on two cores

_SENTENCES = {
    Condition.PURE: "",
    Condition.GENERAL: "Some grass, a man in a blue shirt walking his dog, and water, number {}.",
    Condition.SALIENT: "A man in a blue shirt is walking his dog, number {}.",
    Condition.NON_SALIENT: "A skate park next to a body of water and a green park, number {}.",
}


def compared() -> list[str]:
    """The checkpoints that are timed: those that read sentences."""
    cards = checkpoints.available()
    return [card.name for card in cards if card.text_encoder and registry.spec(card.model).reads_text]


@dataclass(frozen=True)
class Task:
    """A picture file and sentences that nothing has seen before, so that no cache can answer."""

    picture: bytes
    sentences: Mapping[Condition, str]


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
    """What a model runs on.

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
    """Linux tells the name in a file; elsewhere the platform knows it."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return found[1].strip() if found else platform.processor() or platform.machine()


def one_by_one(predictor: Predictor, works: Sequence[Task]) -> float:
    """Seconds when each map is asked for alone, and nothing is remembered; as many tasks as there are maps."""
    passes = [(model, condition) for model in predictor.models for condition in COMPARED]
    started = time.perf_counter()
    for (model, condition), work in zip(passes, works, strict=True):
        comparison = predictor.predict(work.picture, {condition: work.sentences[condition]}, models=[model])
        comparison.predictions[0].map  # noqa: B018 - computed at access
    return time.perf_counter() - started


def peak_memory() -> float:
    """The most memory this process has held, in gigabytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


def main() -> None:
    """Measure and print."""
    from .ui import build  # here, because the app's Models tab measures with this module

    models = compared()
    predictor = Predictor(models, pictures_cached=8)
    build(predictor)  # the memory to measure is that of the app
    count = len(models) * len(COMPARED)
    numbers = iter(range(10_000))
    for _ in range(2):
        together(predictor, task(next(numbers)))
    rounds, comparisons = zip(*(together(predictor, task(next(numbers))) for _ in range(ROUNDS)), strict=True)
    alone = [one_by_one(predictor, [task(next(numbers)) for _ in range(count)]) for _ in range(ROUNDS)]

    height, width = SIZE
    here = machine(predictor)
    print(f"{count} maps: {len(models)} models x {len(COMPARED)} conditions, picture {width}x{height}, warm")
    print(f"{here.device}, {here.threads} threads, {here.dtype}; median of {ROUNDS} rounds, milliseconds")
    print(f"\n{'stage':<14} {'all':>7} " + " ".join(f"{model:>12}" for model in models))
    for stage in ("picture", *STAGES, "resize", "total"):
        line = f"{stage:<14} {1e3 * statistics.median(r[stage] for r in rounds):7.1f} "
        if stage in STAGES:
            line += " ".join(f"{1e3 * _median_of(comparisons, model, stage):12.1f}" for model in models)
        print(line.rstrip())
    print("Front-end features shared by several models are in the first one's column.")
    total, apart, memory = statistics.median(r["total"] for r in rounds), statistics.median(alone), peak_memory()
    print(f"\none by one     {1e3 * apart:7.1f}   {apart / total:.1f} times as long")
    print(f"total          {total:.2f} s, promised at most {SECONDS} s: {_verdict(total <= SECONDS)}")
    print(f"peak memory    {memory:.2f} GB, promised at most {GIGABYTES} GB: {_verdict(memory <= GIGABYTES)}")


def _median_of(comparisons: Sequence[Comparison], model: str, stage: str) -> float:
    return statistics.median(comparison.get(model, Condition.PURE).timings[stage] for comparison in comparisons)


def _verdict(kept: bool) -> str:
    return "kept" if kept else "not kept"


if __name__ == "__main__":
    main()
