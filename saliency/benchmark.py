"""``make bench``: how long twelve maps take, stage by stage, against twelve single passes, and how much memory."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from . import checkpoints
from .conditions import COMPARED, Condition
from .models import registry
from .predictor import Predictor
from .results import Comparison
from .runtime.memory import peak_memory
from .session import STAGES
from .timing import ROUNDS, SIZE, Task, machine, task, together
from .ui import build

SECONDS, GIGABYTES = 1.5, 2.0  # what the project promises on two cores


def compared() -> list[str]:
    """The checkpoints that are timed: those that read sentences."""
    cards = checkpoints.available()
    return [card.name for card in cards if card.text_encoder and registry.spec(card.model).reads_text]


def one_by_one(predictor: Predictor, works: Sequence[Task]) -> float:
    """Seconds when each map is asked for alone, and nothing is remembered; as many tasks as there are maps."""
    passes = [(model, condition) for model in predictor.models for condition in COMPARED]
    started = time.perf_counter()
    for (model, condition), work in zip(passes, works, strict=True):
        comparison = predictor.predict(work.picture, {condition: work.sentences[condition]}, models=[model])
        comparison.predictions[0].map  # noqa: B018 - computed at access
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
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


def _verdict(met: bool) -> str:
    return "met" if met else "not met"


if __name__ == "__main__":
    main()
