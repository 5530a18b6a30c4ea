"""Published scores of others, from published.yaml, with the reasons why they cannot be compared."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, model_validator

from .markdown import markdown_table

FILE = Path(__file__).with_name("published.yaml")


class Source(BaseModel):
    """A publication's numbers.

    Attributes:
        source: what it is, and where it stands.
        protocol: how it was measured, and what makes it incomparable.
        columns: names of the columns.
        rows: a cell a column, numbers in the digits they were published with.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    protocol: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @model_validator(mode="after")
    def _rows_fit(self) -> Source:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"the row {row} has not {len(self.columns)} cells")
        return self


def read(path: Path = FILE) -> list[Source]:
    """The sources in their order; pydantic's `ValidationError` where one is incomplete."""
    # The base loader leaves numbers the text they are: .8210 keeps its last digit.
    return TypeAdapter(list[Source]).validate_python(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader))


def section(sources: list[Source]) -> str:
    """Markdown: a table a source, under what it is and why it cannot be compared."""
    parts = [
        "### Published, measured otherwise",
        "None of these numbers can be compared with the tables above: other splits, other definitions under the same "
        "names, other data. Each table says which.",
    ]
    for source in sources:
        parts += [f"**{source.source}** {source.protocol}", markdown_table(source.columns, source.rows)]
    return "\n\n".join(parts)
