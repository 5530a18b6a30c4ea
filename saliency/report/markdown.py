"""Markdown tables, and the measured part of RESULTS.md between its two marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from ..metrics.bootstrap import Interval

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"


def write(path: Path, measured: str) -> None:
    """Put `measured` between the marks of the file; the rest of the file stays."""
    text = path.read_text(encoding="utf-8") if path.is_file() else f"# Results\n\n{BEGIN}\n{END}\n"
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{measured}\n{END}{after}", encoding="utf-8")


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
