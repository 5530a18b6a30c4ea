"""What trainings took, gathered from the cards."""

from dataclasses import dataclass, field

from saliency.checkpoints import Effort, Part
from train.results.effort import known, section

SHORT, LONG = (
    Effort(minutes=minutes, busy=1.9 * minutes, device="cpu", cores=2, precision=precision)
    for minutes, precision in ((12.4, "bfloat16"), (61.6, "float32"))
)


@dataclass
class Told:
    name: str
    effort: Effort | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    recipe: dict = field(default_factory=dict)


def test_every_run_is_told_once_and_those_that_were_not_measured_are_not():
    first = Told("first", SHORT, recipe={"name": "run-of-first"})
    earlier = {"run-of-first": None, "old": None, "middle": LONG}
    second = Told("second", None, {name: Part(recipe={}, effort=effort) for name, effort in earlier.items()})
    assert known([first, second]) == {"middle": LONG, "run-of-first": SHORT}


def test_where_nothing_was_measured_nothing_is_said():
    assert section(known([Told("first")])) == ""


def test_the_table_has_a_row_a_run_with_the_arithmetic_it_was_measured_in():
    rows = [line for line in section({"a": SHORT, "b": LONG}).splitlines() if line.startswith("| `")]
    assert rows == ["| `a` | 12 | 24 | 2 (cpu) | bfloat16 |", "| `b` | 62 | 117 | 2 (cpu) | float32 |"]
