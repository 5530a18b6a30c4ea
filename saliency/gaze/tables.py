"""Tables of gaze as text: from the bytes of a file to cells, in the dialects that trackers and spreadsheets write."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import pandas as pd

from ..errors import GroundTruthError

MAX_ROWS = 500_000
MAX_COLUMNS = 2_000
LOST = frozenset({"", ".", "-", "nan", "na", "n/a", "#n/a", "none", "null", "inf", "-inf", "+inf"})
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)

_COMMA_NUMBER = re.compile(r"[+-]?\d*,\d+(e[+-]?\d+)?", re.IGNORECASE | re.ASCII)
_THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
_ONE_THOUSAND = re.compile(r"[+-]?\d,\d{3}", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f]")
_COMMENT = ("#", "%", "//")
_BLANKS = " "
_PREVIEW = 60


@dataclass(frozen=True, eq=False)
class Table:
    """A table before its cells are read.

    Attributes:
        lines: without comments and blank lines, the header included.
        separator: the mark between cells; a blank: any number of blanks.
        width: cells of the first line.
        names: of the columns, as the file writes them; None where the first line is data already.
        comments: lines passed over after the first row.
    """

    lines: Sequence[str]
    separator: str
    width: int
    names: tuple[str, ...] | None
    comments: int = 0

    def cells(self, columns: Sequence[int]) -> pd.DataFrame:
        """The rows' cells as text, stripped, one frame column per number in `columns`; "" where a row is too short.

        Raises:
            GroundTruthError: a row has more cells than the first line, or a quote that does not end.
        """
        lines = self.lines if self.names is None else self.lines[1:]
        found: list[list[str]] = [[] for _ in columns]
        try:
            for number, row in enumerate(_rows(lines, self.separator), start=1):
                if any(cell.strip() for cell in row[self.width :]):
                    raise GroundTruthError(
                        "Row {row:,} of the fixation table has more cells than its first line.", row=number
                    )
                if self.names is None and len(row) < self.width:
                    raise GroundTruthError("The fixation table must have two numbers a line: x, y.")
                for cells, column in zip(found, columns, strict=True):
                    cells.append(row[column].strip() if column < len(row) else "")
        except csv.Error:
            raise GroundTruthError("The fixation table is damaged: it has a cell that does not end.") from None
        return pd.DataFrame(dict(enumerate(found)), dtype=object)

    def preview(self) -> str:
        """The first lines, short enough for a sentence."""
        return " / ".join(line.strip()[:_PREVIEW] for line in self.lines[:3])


def text_of(content: bytes) -> str | None:
    """The text of a file in UTF-8, UTF-16 or Latin-1; None where its bytes are no text."""
    text = _decoded(content)
    return None if text is None or _CONTROL.search(text) else text


def _decoded(content: bytes) -> str | None:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings: tuple[str, ...] = ("utf-16",)
    elif content[1:2] == b"\0" and len(content) % 2 == 0:  # Latin letters and digits without the mark
        encodings = ("utf-16-le",)
    elif content[:1] == b"\0":
        encodings = ("utf-16-be",)
    else:
        encodings = ("utf-8-sig", "cp1252")  # cp1252 has Latin-1's letters, but no control characters among them
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    return None


def read_table(text: str) -> Table:
    """How a table is laid out: separator, and whether its first line names the columns.

    Raises:
        GroundTruthError: it has no line, more than `MAX_ROWS` or `MAX_COLUMNS`, or a quote that does not end.
    """
    check_rows(max(text.count("\n"), text.count("\r")) // 2)  # every other line may be blank
    lines = [line for line in text.splitlines() if line.strip()]
    separator = None
    if lines and (declared := re.fullmatch(r'"?sep=(.)"?\s*', lines[0], re.IGNORECASE)):
        separator, lines = declared[1], lines[1:]
    comments = list(takewhile(_is_comment, lines))
    later = sum(map(_is_comment, lines)) - len(comments)
    lines = [line for line in lines if not _is_comment(line)]
    if not lines:
        raise GroundTruthError("There is no fixation in the file.")
    check_rows(len(lines))
    if lines[0].count(separator or " ") + max(map(lines[0].count, ",;\t")) > MAX_COLUMNS:
        raise GroundTruthError("The table has far more columns than are read, which are {most:,}.", most=MAX_COLUMNS)
    separator = separator or _separator(lines)
    first = split(lines[0], separator)
    if not _names_columns(first) and (named := _named_in_comment(comments, separator, len(first))):
        lines, first = [named, *lines], split(named, separator)
    names = tuple(first) if _names_columns(first) else None
    return Table(lines, separator, len(first), names, later)


def check_rows(count: int) -> None:
    """Raises `GroundTruthError` where there are more than `MAX_ROWS`."""
    if count > MAX_ROWS:
        raise GroundTruthError("The table has {count:,} rows; up to {most:,} are read.", count=count, most=MAX_ROWS)


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(_COMMENT)


def split(line: str, separator: str) -> list[str]:
    """The cells of one line."""
    try:
        return [cell.strip() for cell in next(_rows([line], separator), [])]
    except csv.Error:
        raise GroundTruthError("The fixation table is damaged: it has a cell that does not end.") from None


def _rows(lines: Iterable[str], separator: str) -> Iterator[list[str]]:
    if separator == _BLANKS:
        return ([cell.strip('"') for cell in re.findall(r'"[^"]*"|\S+', line)] for line in lines)
    return csv.reader(lines, delimiter=separator, skipinitialspace=True, strict=True)


def _separator(lines: Sequence[str]) -> str:
    """The mark between cells; where there is a choice, tabs and semicolons come before commas.

    Between blanks, commas are decimal marks if every cell is a number with them, as in ``312,5 211,0``.
    """
    for mark in "\t;":
        if mark in lines[0]:
            return mark
    sample = [line.split() for line in lines[:20]]
    if "," not in lines[0]:
        return _BLANKS if len(sample[0]) > 1 else ","
    alike = all(len(row) == len(sample[0]) > 1 and _is_numeric(row) for row in sample)
    return _BLANKS if alike else ","


def _is_numeric(cells: Sequence[str]) -> bool:
    return all(NUMBER.fullmatch(cell) or _COMMA_NUMBER.fullmatch(cell) or cell.lower() in LOST for cell in cells)


def _names_columns(cells: Sequence[str]) -> bool:
    """Whether a line is a header: fewer than half of its cells are numbers or marks of lost samples."""
    filled = [cell for cell in cells if cell]
    return sum(_is_numeric([cell]) for cell in filled) * 2 < len(filled)


def _named_in_comment(comments: Sequence[str], separator: str, width: int) -> str | None:
    """The last comment if it has a name per column, x and y among them, as numpy.savetxt writes its header."""
    if not comments:
        return None
    line = comments[-1].lstrip().lstrip("#%/").strip()
    names = split(line, separator)
    return line if len(names) == width and {"x", "y"} <= {name.lower() for name in names} else None


def numbers(cells: pd.Series, name: str) -> pd.Series:
    """The numbers of a column, float64; NaN where a cell is blank or marks a lost sample.

    Args:
        cells: text with a decimal point or comma, or numbers.
        name: of the column, for the error.

    Raises:
        GroundTruthError: a cell is no number, or its comma may mark decimals as well as thousands.
    """
    if cells.dtype.kind in "iuf":
        return cells.astype("float64")
    text = cells.map(lambda cell: "" if cell is None else str(cell).strip()).astype(object)
    lost = text.str.lower().isin(LOST)
    text = _with_points(text.mask(lost, "nan"), name)
    wrong = text[~(lost | text.str.fullmatch(NUMBER))]
    if len(wrong):
        raise GroundTruthError(
            "The fixation table's column “{name}” must hold numbers, but has “{cell}”.",
            name=name,
            cell=wrong.iloc[0][:40],
        )
    return text.map(float).astype("float64")  # Python's own conversion is exact


def _with_points(text: pd.Series, name: str) -> pd.Series:
    """Cells with a point as their decimal mark and no mark of thousands."""
    commas = text[text.str.contains(",", regex=False)]
    if commas.empty:
        return text
    thousands = commas.str.fullmatch(_THOUSANDS)
    pointed = commas.str.contains(".", regex=False)
    if thousands.all() and pointed.any():
        return text.str.replace(",", "", regex=False)
    whole = text[~text.str.contains(",", regex=False) & (text != "nan")]
    if thousands.all() and (len(whole) or commas.str.fullmatch(_ONE_THOUSAND).all()):
        raise GroundTruthError(
            "Whether the comma in “{cell}” of the column “{name}” marks decimals or thousands cannot be known; "
            "please write a decimal point.",
            cell=commas.iloc[0][:40],
            name=name,
        )
    return text.where(~text.str.fullmatch(_COMMA_NUMBER), text.str.replace(",", ".", regex=False))
