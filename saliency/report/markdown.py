"""Markdown tables, and parts of documents that are written between two marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..metrics.bootstrap import Interval

MEASURED = "<!-- measured: begin -->", "<!-- measured: end -->"  # of RESULTS.md


def write(path: Path, part: str, marks: tuple[str, str] = MEASURED) -> None:
    """Put `part` between the marks of the file; the rest of the file stays."""
    begin, end = marks
    text = path.read_text(encoding="utf-8") if path.is_file() else f"# {path.stem.title()}\n\n{begin}\n{end}\n"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    path.write_text(f"{before}{begin}\n{part}\n{end}{after}", encoding="utf-8")


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [f"| {' | '.join(header)} |", "|---" * len(header) + "|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def number(value: float) -> str:
    """Three digits; nothing is negative that rounds to zero."""
    return f"{round(value, 3) + 0.0:.3f}"


def format_interval(interval: Interval) -> str:
    """Mean and 95 % interval."""
    return f"{number(interval.mean)} ({number(interval.low)} to {number(interval.high)})"
