"""What trainings took, gathered from the cards."""

from dataclasses import dataclass, field

from saliency.checkpoints import Effort, Part
from train.results.effort import section

SHORT, LONG = (
    Effort(minutes=minutes, busy=1.9 * minutes, device="cpu", cores=2, precision=precision)
    for minutes, precision in ((12.4, "bfloat16"), (61.6, "float32"))
)


@dataclass
class Told:
    name: str
    effort: Effort | None = None
    parts: dict[str, Part] = field(default_factory=dict)

    @property
    def recipe(self) -> dict:
        return {"name": self.name}


def part(effort: Effort | None) -> Part:
    return Part(recipe={}, effort=effort)


def rows(*cards: Told) -> list[str]:
    said = section({f"**{card.name}**": card for card in cards})
    return [line for line in said.splitlines() if line.startswith(("| `", "| **"))]


def test_where_nothing_was_measured_nothing_is_said():
    assert section({"**First**": Told("first")}) == ""


def test_every_run_is_told_once_with_the_arithmetic_it_was_measured_in():
    old = Told("old", None, {"middle": part(LONG), "unmeasured": part(None)})
    assert rows(Told("first", SHORT), old, Told("late", None, {"first": part(SHORT)}))[:2] == [
        "| `first` | 12 | 24 | 2 (cpu) | bfloat16 |",
        "| `middle` | 62 | 117 | 2 (cpu) | float32 |",
    ]


def test_what_a_checkpoint_took_from_nothing_is_told_where_all_of_it_was_measured():
    whole = Told("whole", SHORT, {"middle": part(LONG), "early": part(SHORT)})
    unknown = Told("unknown", SHORT, {"middle": part(None)})
    totals = [row for row in rows(whole, unknown) if row.startswith("| **")]
    assert totals == ["| **whole** | `middle` + `early` + `whole` | 86 |"]
