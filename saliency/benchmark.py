"""``make bench``: how long maps take against one pass of a published network, stage by stage, and how much memory."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from itertools import count

import torch

from . import checkpoints
from .conditions import COMPARED, Condition
from .imaging import open_picture
from .models import registry
from .predictor import Predictor
from .preprocessing import prepare
from .results import Comparison
from .runtime.memory import peak_memory
from .runtime.precision import autocast
from .session import STAGES
from .timing import ROUNDS, SIZE, Task, machine, task, together
from .ui import build

REFERENCE = "TranSalNet-Dense, one pass"
MAPS, ALONE, ONE, CHANGED, WORDS = (
    "{maps} maps: {models} models, {conditions} conditions",
    "the same, each map by itself",
    "one map",
    "one sentence changed",
    "{maps} maps and the maps of their words",
)
FIRST = """
import sys
from saliency import Predictor
from saliency.timing import task, together
together(Predictor(sys.argv[2:], precision=sys.argv[1]), task(0))
"""

# Prepares a task and returns what is timed.
Work = Callable[[int], Callable[[], object]]


@dataclass
class Measured:
    """What was measured.

    Attributes:
        seconds: by the name of the work, one number per round.
        rounds: stages of the comparisons, see `timing.together`; comparisons: themselves.
        first: seconds from a process's start to its first comparison.
        memory: the most that the engine and the app used, in gigabytes.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    rounds: list[dict[str, float]] = field(default_factory=list)
    comparisons: list[Comparison] = field(default_factory=list)
    first: float = 0.0
    memory: float = 0.0

    def median(self, name: str) -> float:
        """Of the seconds of a work."""
        return statistics.median(self.seconds[name])


def compared() -> list[str]:
    """The checkpoints that are timed: those of gaze that read sentences."""
    cards = [card for card in checkpoints.available() if registry.spec(card.model).task == "gaze"]
    return [card.name for card in cards if card.text_encoder and registry.spec(card.model).reads_text]


def one_by_one(predictor: Predictor, works: Sequence[Task]) -> None:
    """Ask for each map alone; nothing is remembered, as there are as many tasks as maps."""
    passes = [(model, condition) for model in predictor.models for condition in COMPARED]
    for (model, condition), work in zip(passes, works, strict=True):
        _shown(predictor.predict(work.picture, {condition: work.sentences[condition]}, models=[model]))


def reference(predictor: Predictor) -> Callable[[bytes], object]:
    """One pass of the published TranSalNet with DenseNet-161 over a picture file, at its own size, in PyTorch.

    Its weights are random, which takes as long.
    """
    preset = registry.preset("transalnet", "paper")
    model = registry.create("transalnet", "paper").eval().requires_grad_(False)
    model = model.to(predictor.device, memory_format=torch.channels_last)

    @torch.inference_mode()
    def run(file: bytes) -> object:
        pixels = prepare(open_picture(file).pixels, preset.preprocessing)[None].to(predictor.device)
        with _computing(predictor):
            return model(pixels.to(memory_format=torch.channels_last)).map.cpu()

    return run


def works(predictor: Predictor, measured: Measured, numbers: Callable[[], int]) -> dict[str, Work]:
    """What is timed of `predictor`, by name; every round has pictures and sentences of its own."""
    first = predictor.models[0]

    def maps(number: int) -> Callable[[], object]:
        def run() -> None:
            stages, comparison = together(predictor, task(number))
            measured.rounds.append(stages)
            measured.comparisons.append(comparison)

        return run

    def alone(number: int) -> Callable[[], object]:
        many = [task(numbers()) for _ in range(len(predictor.models) * len(COMPARED))]
        return partial(one_by_one, predictor, many)

    def one(number: int) -> Callable[[], object]:
        picture = task(number).picture
        return lambda: _shown(predictor.predict(picture, models=[first]))

    def changed(number: int) -> Callable[[], object]:
        work = task(number)
        predictor.predict(work.picture, work.sentences)
        sentences = {**work.sentences, Condition.SALIENT: task(numbers()).sentences[Condition.SALIENT]}
        return lambda: _shown(predictor.predict(work.picture, sentences))

    def words(number: int) -> Callable[[], object]:
        work = task(number)
        return lambda: _shown(predictor.predict(work.picture, work.sentences, words=True))

    return {MAPS: maps, ALONE: alone, ONE: one, CHANGED: changed, WORDS: words}


def processor_seconds() -> float:
    """Processor time of this process and of those that it waited for, over all threads."""
    return time.process_time() + sum(os.times()[2:4])


def measure(predictor: Predictor, clock: Callable[[], float], rounds: int) -> Measured:
    """Time all works `rounds` times by `clock`, every second round in reverse order."""
    measured, numbers = Measured(), partial(next, count())
    own = works(predictor, measured, numbers)
    for name in (MAPS, CHANGED, WORDS):
        own[name](numbers())()
    measured.memory = peak_memory()  # before the reference is built
    run = reference(predictor)
    run(task(numbers()).picture)
    measured.rounds.clear()
    measured.comparisons.clear()
    timed: dict[str, Work] = {REFERENCE: lambda number: partial(run, task(number).picture), **own}
    for number in range(rounds):
        for name in list(timed)[:: 1 if number % 2 else -1]:
            call = timed[name](numbers())
            started = clock()
            call()
            measured.seconds.setdefault(name, []).append(clock() - started)
    measured.first = first_answer(predictor, clock)
    return measured


def first_answer(predictor: Predictor, clock: Callable[[], float]) -> float:
    """Seconds from the start of a process to its first comparison, whose maps are at the picture's size."""
    started = clock()
    precision = str(predictor.dtype).removeprefix("torch.")
    subprocess.run([sys.executable, "-c", FIRST, precision, *predictor.models], check=True)
    return clock() - started


def table(measured: Measured, counts: Mapping[str, int]) -> list[tuple[str, str, str]]:
    """Rows of a work, its ratio to one pass of the reference and its milliseconds."""
    once = measured.median(REFERENCE)
    return [
        (name.format(**counts), f"{measured.median(name) / once:.2f}", f"{1e3 * measured.median(name):.0f}")
        for name in measured.seconds
    ]


def main(arguments: Sequence[str] = ()) -> None:
    """Measure and print."""
    options = _parser().parse_args(arguments)
    predictor = Predictor(compared(), pictures_cached=8, precision=options.precision)
    build(predictor)  # the memory to measure is that of the app
    clock = processor_seconds if options.processor_time else time.perf_counter
    measured = measure(predictor, clock, options.rounds or ROUNDS)
    counts = {"models": len(predictor.models), "conditions": len(COMPARED)}
    rows = table(measured, counts | {"maps": counts["models"] * counts["conditions"]})

    height, width = SIZE
    here = machine(predictor)
    time_of = "processor time" if options.processor_time else "time"
    print(
        f"{here.processor}, {here.capability}, {here.device}, {here.threads} threads, {here.dtype}, {predictor.engine}"
    )
    print(f"picture {width}x{height}, warm; median of {len(measured.rounds)} rounds in alternating order, {time_of}\n")
    heading = ("", "of one pass", "ms")
    print("\n".join(_markdown(heading, rows) if options.markdown else _aligned(heading, rows)))
    if not options.markdown:
        print("\n" + "\n".join(_stages(measured, predictor.models)))
    print(f"\nfirst answer   {measured.first:.1f} s after the start of a process")
    print(f"peak memory    {measured.memory:.2f} GB")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown, for BENCHMARKS.md")
    parser.add_argument("--precision", default="auto", choices=("auto", "float32", "bfloat16"))
    parser.add_argument("--rounds", type=int, help=f"default {ROUNDS}")
    parser.add_argument(
        "--processor-time", action="store_true", help="count processor time of all threads: right on a busy machine"
    )
    return parser


def _stages(measured: Measured, models: Sequence[str]) -> list[str]:
    """Milliseconds of each stage of the comparison, of all models and of each."""
    lines = [f"{'stage, ms':<14} {'all':>7} " + " ".join(f"{model:>12}" for model in models)]
    for stage in ("picture", *STAGES, "resize", "total"):
        line = f"{stage:<14} {1e3 * statistics.median(r[stage] for r in measured.rounds):7.1f} "
        if stage in STAGES:
            line += " ".join(f"{1e3 * _median_of(measured.comparisons, model, stage):12.1f}" for model in models)
        lines.append(line.rstrip())
    return [*lines, "Front-end features shared by several models are in the first one's column."]


def _aligned(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"{name:<42} {ratio:>12} {ms:>8}" for name, ratio, ms in (heading, *rows)]


def _markdown(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return ["| " + " | ".join(row) + " |" for row in (heading, ("---",) * len(heading), *rows)]


def _computing(predictor: Predictor) -> AbstractContextManager:
    return autocast(predictor.device, predictor.dtype)


def _shown(comparison: Comparison) -> None:
    """Resize the maps to the picture's size, which is done at access."""
    for prediction in comparison.predictions:
        prediction.map  # noqa: B018


def _median_of(comparisons: Sequence[Comparison], model: str, stage: str) -> float:
    return statistics.median(comparison.get(model, Condition.PURE).timings[stage] for comparison in comparisons)


if __name__ == "__main__":
    main(sys.argv[1:])
