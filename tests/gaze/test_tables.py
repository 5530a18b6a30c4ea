"""Tables of gaze in the dialects of trackers, spreadsheets and people."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import tables
from saliency.gaze.tables import numbers, read_table, text_of
from tests.gaze.files import notices, positions, read


@pytest.mark.parametrize(
    "table",
    [
        "x;y\n312,5;211,9\n1,5;2\n",
        "sep=;\nx;y\n312,5;211,9\n1,5;2\n",
        '"sep=;"\r\nx;y\r\n312.5;211.9\r\n1.5;2\r\n',
        "x\ty\n312,5\t211,9\n1,5\t2",
        "x y\n312.5 211.9\n1.5 2",
        "  x   y\n 312.5   211.9 \n   1.5     2 \n",
        "312,5 211,9\n1,5 2,0",
        "312.5, 211.9\n1.5, 2",
        '"312,5","211,9"\n"1,5","2"',
        "# recorded in May\n# 60 Hz\nx,y\n312.5,211.9\n1.5,2",
        "# y x\n211.9 312.5\n2 1.5\n",
        "% x,y\n312.5,211.9\n1.5,2",
        "x,y,\n312.5,211.9,\n1.5,2,\n",
        ",x,y\n0,312.5,211.9\n1,1.5,2\n",
        '"who","y","x"\n"Li, Na","211.9","312.5"\n"Ann; Bo","2","1.5"\n',
        "\n\nx,y\n\n312.5,211.9\n\n1.5,2\n\n",
        "x,y\r312.5,211.9\r1.5,2\r",
        "x,y\n3.125e2,+211.9\n1.5,2e0",
    ],
)
def test_dialects(table):
    assert positions(read(table)) == [[312, 211], [1, 2]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"])
def test_encodings(encoding):
    name = "Größe" if encoding == "latin-1" else "被试 Größe"
    table = f"x\ty\t{name}\r\n312,5\t211\tÄ\r\n".encode(encoding)
    assert positions(read(table)) == [[312, 211]]


def test_a_number_between_commas_stays_one():
    assert positions(read("participant,x,y\n1,5,6\n2,7,8\n")) == [[5, 6], [7, 8]]
    assert positions(read("3,1\n39,29")) == [[3, 1], [39, 29]]


def test_three_columns_without_names_are_refused_with_their_first_lines():
    with pytest.raises(GroundTruthError, match=r"3 columns without names.*: 0,312,211 / 1,200,100\. Please name them"):
        read("0,312,211\n1,200,100\n")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("x,y\n1,2,3", "Row 1 .* more cells"),
        ("x,y\n1,2\n1,5,2,5", "Row 2 .* more cells"),
        ("1,5,2,5", "4 columns without names"),
        ("x,y\nseven,8", "column “x” must hold numbers, but has “seven”"),
        ("x,y\n1_0,8", "but has “1_0”"),
        ("x;y\n1,234;5", "comma in “1,234” .* cannot be known"),
        ("x;y\n312,451;5\n312;5", "cannot be known"),
        ('x,y\n1,"2', "does not end"),
        ("a\nb", "None of the table's columns.* a"),
        ("7", "two numbers"),
        ("# x,y\n", "no fixation"),
    ],
)
def test_tables_refused(table, words):
    with pytest.raises(GroundTruthError, match=words):
        read(table)


def test_marks_of_thousands_and_decimals():
    cells = pd.Series(["1,234.5", "1,000.25"], dtype=object)
    assert numbers(cells, "x").tolist() == [1234.5, 1000.25]
    assert numbers(pd.Series(["312,451", "45,250"], dtype=object), "x").tolist() == [312.451, 45.25]
    assert numbers(pd.Series(["0,312", "1,000"], dtype=object), "x").tolist() == [0.312, 1.0]


def test_marks_of_lost_samples_are_no_numbers():
    cells = pd.Series(["", ".", "NaN", "n/a", None, "5"], dtype=object)
    assert np.array_equal(numbers(cells, "x"), [np.nan] * 5 + [5], equal_nan=True)


def test_numbers_are_as_exact_as_pythons():
    written = ["0.1", "28.999999999999996", "29.000000000000004", "123456.7890123456789"]
    assert numbers(pd.Series(written, dtype=object), "x").tolist() == [float(cell) for cell in written]


def test_comments_among_the_rows_are_counted():
    recording = read("x,y\n#1,2\n3,4\n")
    assert positions(recording) == [[3, 4]]
    assert "Lines passed over as comments: 1." in notices(recording)


def test_rows_are_limited_before_they_are_parsed(monkeypatch):
    monkeypatch.setattr(tables, "MAX_ROWS", 3)
    with pytest.raises(GroundTruthError, match="4 rows; up to 3"):
        read_table("x,y\n1,1\n" * 2)


def test_columns_are_limited_before_they_are_parsed(monkeypatch):
    monkeypatch.setattr(tables, "MAX_COLUMNS", 3)
    with pytest.raises(GroundTruthError, match="far more columns than are read"):
        read_table("x,y,a,b,c\n1,2,3,4,5\n")
    assert read_table("x y a b").width == 4


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00", b"\xff\xd8\xff\xe0\x00", b"a\x00b", b"\x81\x8d\x8f"])
def test_bytes_that_are_no_text(content):
    assert text_of(content) is None
