"""Sentences about one's own pictures: the table, and the data set that it makes of a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saliency.conditions import Condition
from saliency.data.layouts import open_data_set
from saliency.data.sentence_table import read_table
from saliency.errors import DatasetError

TEXT = "file,general,salient,non_salient\na.png,A café and a dog,A dog,\nb.png,,Une tête,A wall\n"
EXPECTED = {
    "a": {Condition.GENERAL: "A café and a dog", Condition.SALIENT: "A dog"},
    "b": {Condition.SALIENT: "Une tête", Condition.NON_SALIENT: "A wall"},
}


def table(path: Path, content: bytes | str) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode(),
        TEXT.encode("utf-8-sig"),
        TEXT.replace(",", "\t").encode("utf-16"),
        TEXT.replace(",", ";").encode("cp1252"),
        TEXT.replace("\n", "\r\n").encode(),
        TEXT.replace("file", " Picture ").replace("non_salient", "Non-salient").encode(),
        TEXT.replace("a.png", "images\\a.png").replace("b.png", "./b").encode(),
    ],
    ids=["plain", "mark", "Unicode text", "Excel's CSV", "CRLF", "other names", "paths"],
)
def test_tables_are_read_as_programs_write_them(tmp_path, content):
    found, notices = read_table(table(tmp_path / "t.csv", content)).by_picture(["a", "b", "c"])
    assert (found, notices) == (EXPECTED, ())


def test_a_sentence_may_have_the_separator_in_quotes(tmp_path):
    found = read_table(table(tmp_path / "t.csv", 'file,salient\na.png,"A dog, a wall; NA"\n'))
    assert found.lines == {"a.png": {Condition.SALIENT: "A dog, a wall; NA"}}


def test_pictures_in_folders_are_named_with_or_without_them(tmp_path):
    text = "file,salient\nAction/001.jpg,one\n002.jpg,two\n"
    found, _ = read_table(table(tmp_path / "t.csv", text)).by_picture(["Action/001", "Art/001", "Art/002"])
    assert {name: sentences[Condition.SALIENT] for name, sentences in found.items()} == {
        "Action/001": "one",
        "Art/002": "two",
    }
    with pytest.raises(DatasetError, match=r"“001\.jpg” in the table “u\.csv” may be several pictures"):
        read_table(table(tmp_path / "u.csv", "file,salient\n001.jpg,x\n")).by_picture(["Action/001", "Art/001"])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x,y\n1,2\n", r"needs a column “file”.*its columns are: x, y"),
        ("file,note\na.png,b\n", "at least one of general"),
        ("file,salient\na.png,b\na.png,c\n", r"two lines of “a\.png”"),
        ("", "cannot be read"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused(tmp_path, text, sentence):
    with pytest.raises(DatasetError, match=sentence):
        read_table(table(tmp_path / "t.csv", text))


def test_two_lines_of_one_picture_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="two lines of “a”"):
        read_table(table(tmp_path / "t.csv", "file,salient\na.png,x\na,y\n")).by_picture(["a"])


# --- data sets --------------------------------------------------------------------------------------------------------


def write(path: Path, value: int = 9) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((12, 16), value, dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def root(tmp_path) -> Path:
    """a has gaze of free viewing and of one of its two sentences, b of one sentence only, c no sentence."""
    for name in "abc":
        write(tmp_path / "images" / f"{name}.png")
    write(tmp_path / "maps" / "a.png", 1)
    write(tmp_path / "maps" / "salient" / "a.png", 2)
    write(tmp_path / "maps" / "non_salient" / "b_fixMap.png", 3)
    (tmp_path / "fixations" / "salient").mkdir(parents=True)
    (tmp_path / "fixations" / "salient" / "a.csv").write_text("x,y\n3,4\n")
    table(tmp_path / "sentences.csv", TEXT)
    return tmp_path


def test_a_table_beside_the_pictures_makes_samples_of_conditions(root):
    data = open_data_set(root, require_ground_truth=True)
    assert data.layout == "folder"
    assert [(sample.stem, sample.picture, sample.condition.value, sample.sentence) for sample in data.samples] == [
        ("a", "a", "pure", ""),
        ("a.general", "a", "general", "A café and a dog"),
        ("a.salient", "a", "salient", "A dog"),
        ("b.salient", "b", "salient", "Une tête"),
        ("b.non_salient", "b", "non_salient", "A wall"),
        ("c", "c", "pure", ""),
    ]
    values = [None if (density := sample.density()) is None else round(255 * density.max()) for sample in data.samples]
    assert values == [1, None, 2, None, 3, None]
    assert data.samples[2].fixations().tolist() == [[4, 3]]
    assert data.notices == ("3 of 6 samples have neither a map nor fixations (first “a.general”).",)


def test_lines_of_no_picture_are_reported(root):
    table(root / "sentences.csv", TEXT + "d.png,,x,\n")
    assert "Lines of the table “sentences.csv” that name none of the pictures: 1 (first “d.png”)." in (
        open_data_set(root).notices
    )
