"""Random input: never a traceback, never a coordinate that changes without a word."""

from __future__ import annotations

import json
from io import BytesIO

import numpy as np
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from PIL import Image

from saliency.errors import GroundTruthError
from saliency.gaze import DensityMap, GazeOptions, Recording, Screen, Units, read_density, read_fixations
from tests.gaze.files import encoded, npy

SHAPE = (48, 64)
bounded = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])

OPTIONS = [
    GazeOptions(),
    GazeOptions(units=Units.SHARES_FROM_BELOW, drop_zeros=True),
    GazeOptions(units=Units.PIXELS, screen=Screen(100, 80), picture="a", log=True),
]

# Bytes that begin as some kind of file does, and go on at random.
BEGINNINGS = [
    b"",
    b"x,y\n1,2\n",
    b"\xff\xfex\0,\0y\0\n\0",
    b"sep=;\n",
    b"EFIX R 1 2 3 ",
    b'[{"x":1,"y":2},',
    b"\x93NUMPY\x01\x00",
    b"PK\x03\x04",
    b"MATLAB 5.0 MAT-file" + b" " * 107 + b"IM",
    b"\x89PNG\r\n\x1a\n",
    npy(np.ones((3, 2)))[:-8],
    encoded(np.eye(48, 64, dtype=np.uint8) * 255)[:-20],
]
CELLS = st.sampled_from(
    ["", "1", "2,5", "-3.25", "1e8", ".", "nan", "x", "y", "#", '"', "''", "1e999", "−4", "٣", "\x85"]
)
MARKS = st.sampled_from([",", ";", "\t", " ", "\n", "\r\n", '"', "\n\n"])


def read_any(content: bytes) -> None:
    for options in OPTIONS:
        try:
            recording = read_fixations(content, SHAPE, options)
        except GroundTruthError:
            pass
        else:
            assert isinstance(recording, Recording)
            points = recording.points
            assert len(points) > 0
            assert ((points >= 0) & (points < SHAPE)).all()
            assert str(recording.summary())
        try:
            density = read_density(content, options)
        except GroundTruthError:
            pass
        else:
            assert isinstance(density, DensityMap)
            assert np.isfinite(density.values).all()
            assert density.values.min() >= 0


@bounded
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=200))
def test_bytes(beginning, rest):
    read_any(beginning + rest)


@bounded
@given(st.lists(st.one_of(CELLS, MARKS), max_size=40).map("".join))
@example("x,y\n" + "9" * 400 + ",1\n1,1")
@example("x;y;duration\n1,5;2;1e300")
@example("x,y,x\n")
@example(",,\n,,")
def test_texts(text):
    read_any(text.encode())
    read_any(text.encode("utf-16"))


NAMES = st.sampled_from(["x", "y", "X", "Y", "T", "name", "fixations", "eye", "event"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["x", "y", "X", "Y", "T", "name", "fixations", "eye", "event"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@bounded
@given(json_values)
@example([{"x": 10**400, "y": 1}])
@example({"x": [None, True], "y": [1, "2"]})
def test_json(value):
    read_any(json.dumps(value).encode())


@bounded
@given(st.data())
def test_a_table_in_any_dialect_gives_its_coordinates_back(data):
    rows = data.draw(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 47)), min_size=1, max_size=12))
    fraction = data.draw(st.sampled_from(["", "0", "25", "5", "875", "999999"]))
    separator = data.draw(st.sampled_from([",", ";", "\t", " "]))
    decimal = data.draw(st.sampled_from([".", ","] if separator != "," else ["."]))
    if len(fraction) == 3:
        decimal = "."  # a comma before three digits may mark thousands, which is refused
    columns = data.draw(st.permutations(["x", "y", "participant", "duration"]))
    header = data.draw(st.booleans())
    columns = columns if header else ["x", "y"]
    ending = data.draw(st.sampled_from(["\n", "\r\n", "\n\n"]))
    encoding = data.draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"]))

    def number(value: int) -> str:
        return f"{value}{decimal}{fraction}" if fraction else str(value)

    lines = [separator.join(columns)] if header else []
    for x, y in rows:
        cells = {"x": number(x), "y": number(y), "participant": "Zoé", "duration": "250"}
        lines.append(separator.join(cells[column] for column in columns))
    if separator == ";" and data.draw(st.booleans()):
        lines.insert(0, "sep=;")
    recording = read_fixations((ending.join(lines) + ending).encode(encoding), SHAPE, GazeOptions(units=Units.PIXELS))
    assert [(fixation.x, fixation.y) for fixation in recording.fixations] == rows
    if header:
        assert {(fixation.participant, fixation.duration) for fixation in recording.fixations} == {("Zoé", 250)}


@bounded
@given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 47)), min_size=1, max_size=12), st.booleans())
def test_shares_give_the_pixel_back_whose_edge_they_are(rows, below):
    lines = [f"{x / 64!r},{(1 - y / 48 if below else y / 48)!r}" for x, y in rows]
    units = Units.SHARES_FROM_BELOW if below else Units.SHARES
    recording = read_fixations("\n".join(lines).encode(), SHAPE, GazeOptions(units=units))
    assert [(fixation.x, fixation.y) for fixation in recording.fixations] == rows


@bounded
@given(
    st.sets(st.tuples(st.integers(0, 15), st.integers(0, 20)), min_size=1, max_size=40),
    st.sampled_from([1, 100, 255]),
    st.booleans(),
    st.sampled_from(["PNG", "TIFF", "BMP", "GIF", "npy"]),
)
def test_a_picture_of_fixations_gives_them_back(places, value, pairs, kind):
    picture = np.zeros((48, 64), np.uint8)
    rows, columns = 3 * np.array(sorted(places)).T
    picture[rows, columns] = value
    if pairs:  # fixations that touch
        picture[rows, np.minimum(columns + 1, 63)] = value
    if kind == "npy":
        content = npy(picture)
    else:
        file = BytesIO()
        Image.fromarray(picture).save(file, kind)
        content = file.getvalue()
    recording = read_fixations(content, SHAPE)
    assert np.array_equal(recording.points, np.argwhere(picture))


@bounded
@given(st.dictionaries(st.tuples(st.integers(0, 15), st.integers(0, 20)), st.integers(1, 50), min_size=2, max_size=40))
@example({(0, 0): 1, (5, 5): 2})
def test_a_map_of_counts_gives_them_back(counts):
    picture = np.zeros(SHAPE, np.uint8)
    for (row, column), count in counts.items():
        picture[3 * row, 3 * column] = count
    if len(set(counts.values())) == 1:
        return  # a mark, whose value says nothing
    points = read_fixations(encoded(picture), SHAPE).points
    assert np.array_equal(points, np.repeat(np.argwhere(picture), picture[picture > 0], axis=0))
