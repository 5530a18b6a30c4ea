"""Gaze files, sentences and commands that mean harm: an answer or a sentence, and nothing that is in a file is run."""

from __future__ import annotations

import io
import json
import os
import pickle
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from typer.testing import CliRunner

from saliency.bounded import read_within_limits
from saliency.cleaning import clean
from saliency.cli import app
from saliency.errors import GroundTruthError, TextError
from saliency.gaze import DensityMap, Recording, read_density, read_fixations
from tests.hostile_pictures import COSTLY, ODD, zeros

SHAPE = (72, 96)
CREATED = Path(tempfile.gettempdir()) / f"created-by-a-hostile-file-{os.getpid()}"


class Harmful:
    """A pickle that makes a file where it is loaded."""

    def __reduce__(self):
        return Path.touch, (CREATED,)


def npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def npy_that_says(shape: str, dtype: str = "<f8") -> bytes:
    """Its header alone."""
    header = f"{{'descr': {dtype!r}, 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header.encode()


def zipped(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return file.getvalue()


def mat(**variables: object) -> bytes:
    file = io.BytesIO()
    scipy.io.savemat(file, variables, do_compression=True)
    return file.getvalue()


def mat_that_inflates() -> bytes:
    """Compressed elements, one of which has a gigabyte of zeros."""
    data = zlib.compress(bytes(2**24), 9)
    return mat(map=np.ones((4, 4)))[:128] + (15).to_bytes(4, "little") + len(data).to_bytes(4, "little") + data


OBJECTS = np.array([Harmful(), 1], dtype=object)
FILES = {
    "objects in .npy": lambda: npy(OBJECTS),
    "objects in .npz": lambda: zipped(**{"map.npy": npy(OBJECTS)}),
    "objects in .mat": lambda: mat(map=np.array(["a", {"b": 1}], dtype=object)),
    "a pickle": lambda: pickle.dumps(Harmful()),
    "a header that calls": lambda: npy_that_says(f"(open({str(CREATED)!r}, 'w').close(),)"),
    "a header of many axes": lambda: npy_that_says("(" + "1, " * 200 + ")"),
    "a header of nested lists": lambda: npy_that_says("[" * 90 + "]" * 90),
    "NaN in .npy": lambda: npy(np.full(SHAPE, np.nan)),
    "infinity in .npy": lambda: npy(np.full(SHAPE, np.inf)),
    "zeros in .npy": lambda: npy(np.zeros(SHAPE)),
    "an array of a terabyte": lambda: npy_that_says("(1000000, 125000)"),
    "an array of negative size": lambda: npy_that_says("(-1, -1)"),
    "a bomb in .npz": lambda: zipped(**{"map.npy": npy_that_says("(5000, 5000)") + bytes(200_000_000)}),
    "a name that leads elsewhere in .npz": lambda: zipped(**{"../../etc/passwd.npy": npy(np.zeros(SHAPE))}),
    "a ZIP in a ZIP": lambda: zipped(**{"map.npy": zipped(**{"map.npy": npy(np.ones(SHAPE))})}),
    "elements that inflate in .mat": mat_that_inflates,
    "100,000 fixations": lambda: b"x,y\n" + b"10,20\n" * 100_000,
    "100,000 fixations in JSON": lambda: json.dumps([[10, 20]] * 100_000).encode(),
    "20 million fixations": lambda: b"x,y\n" + b"1,2\n" * 15_000_000,
    "JSON of 5 million lists": lambda: b"[" + b"[]," * 5_000_000 + b"[]]",
    "JSON that is nested": lambda: b"[" * 1_000_000,
    "a table of one line": lambda: b"x,y," + b"a," * 5_000_000,
    "a quote that does not end": lambda: b'x,y\n"' + b"1,2\n" * 1_000_000,
    "zeros that are compressed": lambda: zeros(10_000_000),
    "formulas": lambda: b"x,y,participant\n10,20,=cmd|' /C calc'!A0\n",
    "markup": lambda: b"x,y,participant\n10,20,<script>alert(1)</script>\n",
}


def attempted(read: Callable[..., object], *arguments: object) -> object:
    """What is read, or the sentence of the error."""
    try:
        return read_within_limits(GroundTruthError, read, *arguments)
    except GroundTruthError as error:
        return str(error)


@pytest.mark.parametrize("name", FILES)
def test_a_gaze_file_is_read_or_refused_and_never_run(name):
    content = FILES[name]()
    fixations, density = attempted(read_fixations, content, SHAPE), attempted(read_density, content)
    assert isinstance(fixations, Recording) or fixations.endswith(".")
    assert isinstance(density, DensityMap) or density.endswith(".")
    assert not CREATED.exists(), "something in the file was run"


def test_what_would_show_that_something_was_run_does_so():
    pickle.loads(pickle.dumps(Harmful()))
    assert CREATED.exists()
    CREATED.unlink()


def test_a_large_recording_is_read_as_a_whole():
    recording = read_within_limits(GroundTruthError, read_fixations, FILES["100,000 fixations"](), SHAPE)
    assert len(recording.fixations) == 100_000


SENTENCES = {
    "control characters": ("a\x00 \x1b[31mred\x7f cup", "a [31mred cup"),
    "right to left": ("\u202ea cup\u202c", "\u202ea cup\u202c"),
    "combining characters": ("e" + "\u0301" * 3000, "e" + "\u0301" * 3000),
    "half a character": ("a \ud800 cup", "a cup"),
    "blanks": (" \n\t a \u3000 cup ", "a cup"),
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_a_sentence_is_text(kind):
    given, expected = SENTENCES[kind]
    assert clean(given) == expected


def test_a_sentence_of_ten_megabytes_is_refused():
    with pytest.raises(TextError, match="10,000,000 characters; at most 5,000"):
        clean("a" * 10_000_000)


@pytest.mark.parametrize(
    "name", ["millions of empty extensions", "many large tags", "SVG with a script", "JPEG cut after 5 tenths"]
)
def test_a_command_ends_with_a_sentence(name, miniatures, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    monkeypatch.setenv("SALIENCY_READ_SECONDS", "0.3")
    (tmp_path / "picture.png").write_bytes({**COSTLY, **ODD}[name]())
    ended = CliRunner().invoke(app, ["predict", str(tmp_path / "picture.png"), "--out", str(tmp_path / "out")])
    assert ended.exit_code == 2
    assert "Traceback" not in ended.output
    assert ended.stderr.strip()
