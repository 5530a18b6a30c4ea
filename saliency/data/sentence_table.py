"""A table of sentences about one's own pictures: a line per picture, a column per condition."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path, PurePosixPath

import pandas as pd

from ..conditions import Condition
from ..errors import DatasetError
from ..messages import Message

NAMES = ("sentences.csv", "sentences.tsv", "sentences.txt")
_FILE_COLUMNS = ("file", "picture", "image", "filename", "file name", "name")
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # Excel's “Unicode text”

Sentences = dict[Condition, str]


@dataclass(frozen=True)
class SentenceTable:
    """The lines of a table of sentences.

    Attributes:
        name: of the table's file.
        lines: sentences by condition, by the picture's file as the table names it. Blank cells are no sentences.
    """

    name: str
    lines: Mapping[str, Sentences]

    def by_picture(self, pictures: Iterable[str]) -> tuple[dict[str, Sentences], tuple[Message, ...]]:
        """Sentences by the picture's name without its extension (``Action/001``), and a notice on lines left over.

        The table may name files with or without their extension and their folder.

        Raises:
            DatasetError: a line may name several pictures, or a picture has two lines.
        """
        known: dict[str, list[str]] = {}
        for picture in pictures:
            for name in {picture, PurePosixPath(picture).name}:
                known.setdefault(name, []).append(picture)
        found: dict[str, Sentences] = {}
        unknown = []
        for file, sentences in self.lines.items():
            candidates = next((known[name] for name in _names(file) if name in known), [])
            if len(candidates) > 1:
                raise DatasetError(
                    "“{file}” in the table “{name}” may be several pictures; please write their folders, too.",
                    file=file,
                    name=self.name,
                )
            if not candidates:
                unknown.append(file)
            elif candidates[0] in found:
                raise DatasetError("The table “{name}” has two lines of “{file}”.", name=self.name, file=file)
            else:
                found[candidates[0]] = sentences
        return found, self._notices(unknown)

    def _notices(self, unknown: Sequence[str]) -> tuple[Message, ...]:
        if not unknown:
            return ()
        return (
            Message(
                "Lines of the table “{name}” that name none of the pictures: {count:,} (first “{first}”).",
                count=len(unknown),
                name=self.name,
                first=unknown[0],
            ),
        )


def _names(file: str) -> list[str]:
    """Names that a picture may have which a table calls `file`; a name without an extension may have a dot."""
    path = PurePosixPath(file.replace("\\", "/"))
    return [path.as_posix(), path.with_suffix("").as_posix(), path.name, path.stem]


def find_table(root: Path) -> SentenceTable | None:
    """The table of sentences of a data set's folder; None where it has none."""
    path = next((root / name for name in NAMES if (root / name).is_file()), None)
    return None if path is None else read_table(path)


def read_table(path: Path) -> SentenceTable:
    """Reads a table with the columns ``file`` and one per condition (``general``, ``salient``, ...).

    Separated by commas, semicolons or tabs; UTF-8, UTF-16 or Latin-1.

    Raises:
        DatasetError: it cannot be read, lacks these columns, or has two lines of one picture.
    """
    table = _frame(path)
    table.columns = [str(column).strip().lower() for column in table.columns]
    file = next((name for name in _FILE_COLUMNS if name in table.columns), None)
    columns = {
        column: Condition(name)
        for column in table.columns
        if (name := column.replace("-", "_").replace(" ", "_")) in set(Condition) - {Condition.PURE}
    }
    if file is None or not columns:
        raise DatasetError(
            f"The table “{path.name}” needs a column “file” and at least one of general, whole, salient and "
            f"non_salient; its columns are: {', '.join(table.columns)}."
        )
    lines: dict[str, Sentences] = {}
    for row in table.to_dict("records"):
        name = row[file].strip()
        if name in lines:
            raise DatasetError(f"The table “{path.name}” has two lines of “{name}”.")
        if name:
            lines[name] = {at: row[column].strip() for column, at in columns.items() if row[column].strip()}
    return SentenceTable(path.name, lines)


def _frame(path: Path) -> pd.DataFrame:
    """The cells as text, blank ones empty."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DatasetError(f"The table “{path.name}” cannot be opened.") from error
    if b"\0" in content and not content.startswith(_UTF_16):
        raise DatasetError(f"“{path.name}” is no table: it holds something else than text.")
    text = _decoded(content)
    header = next((line for line in text.splitlines() if line.strip()), "")
    mark = max("\t;,", key=header.count)
    try:
        return pd.read_csv(StringIO(text), sep=mark, dtype=str, keep_default_na=False, skipinitialspace=True)
    except ValueError as error:  # pandas' own errors are of this kind
        raise DatasetError(f"“{path.name}” cannot be read as a table of sentences: {error}".strip()) from error


def _decoded(content: bytes) -> str:
    if content.startswith(_UTF_16):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # Excel's CSV in Western Europe
