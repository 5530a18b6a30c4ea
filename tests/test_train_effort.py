"""What trainings took, gathered from the cards."""

from dataclasses import dataclass, field

from saliency.checkpoints import Effort, Part
from train.results.effort import section

SHORT, LONG = (
    Effort(minutes=minutes, cpu_minutes=1.9 * minutes, device="cpu", cores=2, precision=precision)
    for minutes, precision in ((12.4, "bfloat16"), (61.6, "float32"))
)


@dataclass
class Told:
    name: str
    effort: Effort | None = None
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def recipe(self) -> dict:
        return {"name": f"run-of-{self.name}"}


def part(effort: Effort | None) -> Part:
    return Part(recipe={}, effort=effort)


def rows(start: str, *cards: Told) -> list[str]:
    said = section({f"**{card.name}**": card for card in cards})
    return [line for line in said.splitlines() if line.startswith(start)]


def test_where_nothing_was_measured_nothing_is_said():
    assert section({"**First**": Told("first")}) == ""


def test_every_run_is_told_once_with_its_arithmetic_and_those_that_were_not_measured_are_not():
    second = Told("second", None, {"run-of-first": part(None), "old": part(None), "middle": part(LONG)})
    assert rows("| `", Told("first", SHORT), second) == [
        "| `middle` | 62 | 117 | 2 (cpu) | float32 |",
        "| `run-of-first` | 12 | 24 | 2 (cpu) | bfloat16 |",
    ]


def test_what_a_checkpoint_took_from_nothing_is_told_where_all_of_it_was_measured():
    whole = Told("whole", SHORT, {"middle": part(LONG), "early": part(SHORT)})
    unknown = Told("unknown", SHORT, {"middle": part(None)})
    assert rows("| **", whole, unknown) == ["| **whole** | `middle` + `early` + `run-of-whole` | 86 |"]
