"""What the tasks of ``saliency evaluate`` share: progress, what was left out, and how a mean is printed."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd
import typer
from tqdm import tqdm

from ..analysis import LeftOut, Progress
from ..evaluation import MapSource
from ..runtime import processes

SAMPLES_LEFT_OUT = 3  # the exit code where means are printed, and samples are missing from them
_NAMED = 10  # samples left out that are named

Maps = TypeVar("Maps")


class Study(Protocol):
    """An evaluation of several sources of maps on one data set."""

    @property
    def sources(self) -> Mapping[str, MapSource]:
        """Models and maps by name."""
        ...

    def run(self, *, shared: bool) -> Iterator[Progress]:
        """Scores what is missing; of several processes each has its share of the pictures."""
        ...

    def left_out(self) -> Sequence[LeftOut]:
        """The samples that could not be scored."""
        ...


def named_maps(folders: Sequence[Path], names: Sequence[str], make: Callable[[str, Path], Maps]) -> list[Maps]:
    """Maps of each folder; the last ones are called as their folders where there are fewer names."""
    titles = [*names, *(folder.resolve().name for folder in folders[len(names) :])]
    return [make(title, folder) for title, folder in zip(titles, folders, strict=True)]


def start_processes() -> None:
    """Let the processes that ``torchrun`` or ``accelerate launch`` started find each other, each with its device."""
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        from accelerate import PartialState  # it takes a while to import

        PartialState()


def run_with_bar(study: Study) -> None:
    """Scores what is missing, with a bar on stderr where that is a terminal.

    Processes that ``torchrun`` or ``accelerate launch`` started share the pictures; here end all but the main one.
    """
    steps = study.run(shared=True)
    first = next(steps)
    if first.done and processes.is_main():
        typer.echo(f"{first.done:,} of {first.total:,} scores are of an earlier run.", err=True)
    quiet = None if processes.is_main() else True
    with tqdm(total=first.total, initial=first.done, unit=" samples", disable=quiet, leave=False) as bar:
        for step in steps:
            bar.update((step.done - first.done) * processes.count() + first.done - bar.n)
    if not processes.is_main():
        raise typer.Exit


def tell(notices: Sequence[str]) -> None:
    """Notices on stderr, of the main process."""
    for notice in notices if processes.is_main() else ():
        typer.echo(f"Note: {notice}", err=True)


def tell_left_out(left_out: Sequence[LeftOut], study: Study) -> None:
    """Names the first samples left out on stderr, and says how many there are."""
    if not left_out:
        return
    stems = len({entry.stem for entry in left_out})
    typer.echo("1 sample was left out:" if stems == 1 else f"{stems:,} samples were left out:", err=True)
    for entry in left_out[:_NAMED]:
        models = "" if len(entry.models) == len(study.sources) else f" ({', '.join(entry.models)})"
        typer.echo(f"  {entry.stem}{models}: {entry.why}", err=True)
    if len(left_out) > _NAMED:
        typer.echo(f"  and {len(left_out) - _NAMED:,} more.", err=True)


def records_of_left_out(left_out: Sequence[LeftOut], name: str) -> list[dict[str, Any]]:
    """The samples that one model left out, ready for JSON."""
    return [{"id": entry.stem, "why": entry.why} for entry in left_out if name in entry.models]


def cell(row: pd.Series, counted: bool, sign: str = "") -> str:
    """A row with mean, low, high and n as ``mean [low, high]``, with ``(n 3)`` if `counted`; ``-`` without a mean."""
    if not math.isfinite(row["mean"]):
        return "-"
    number = f" (n {int(row['n'])})" if counted else ""
    mean, low, high = (format(row[name], f"{sign}z.3f") for name in ("mean", "low", "high"))
    return f"{mean} [{low}, {high}]{number}"
