"""What trainings took, gathered from the cards."""

from dataclasses import dataclass, field

from saliency.checkpoints import Effort, Part
from saliency.report.run_costs import section

SHORT, LONG = (
    Effort(minutes=minutes, cpu_minutes=1.9 * minutes, device="cpu", cores=2, precision=precision)
    for minutes, precision in ((12.4, "bfloat16"), (61.6, "float32"))
)


@dataclass
class FakeCard:
    name: str
    effort: Effort | None = None
    parts: dict[str, Part] = field(default_factory=dict)
    starts: tuple[str, ...] = ()

    @property
    def recipe(self) -> dict:
        return {"name": f"run-of-{self.name}", "start": [{"run": run} for run in self.starts] + [{"file": "x"}]}


def part(effort: Effort | None) -> Part:
    return Part(recipe={}, effort=effort)


def rows(start: str, *cards: FakeCard) -> list[str]:
    text = section({f"**{card.name}**": card for card in cards})
    return [line for line in text.splitlines() if line.startswith(start)]


def test_without_measurements_the_section_is_empty():
    assert section({"**First**": FakeCard("first")}) == ""


def test_every_measured_run_has_one_row():
    second = FakeCard("second", None, {"run-of-first": part(None), "old": part(None), "middle": part(LONG)})
    assert rows("| `", FakeCard("first", SHORT), second) == [
        "| `middle` | 62 | 117 | 2 (cpu) | float32 |",
        "| `run-of-first` | 12 | 24 | 2 (cpu) | bfloat16 |",
    ]


def test_totals_are_of_checkpoints_whose_runs_are_all_measured():
    whole = FakeCard("whole", SHORT, {"middle": part(LONG), "early": part(SHORT)})
    unknown = FakeCard("unknown", SHORT, {"middle": part(None)})
    without_record = FakeCard("without record", SHORT, starts=("early",))
    assert rows("| **", whole, unknown, without_record) == ["| **whole** | `middle` + `early` + `run-of-whole` | 86 |"]
