"""Uploaded density maps and fixations."""

import tracemalloc
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from saliency.errors import GroundTruthError
from saliency.gaze import Fixation, coordinates, load_fixations, load_map, load_recording, reading, recording


def encoded(array: np.ndarray, format: str = "PNG") -> bytes:
    file = BytesIO()
    Image.fromarray(array).save(file, format)
    return file.getvalue()


def npy(array: np.ndarray, **options) -> bytes:
    file = BytesIO()
    np.save(file, array, **options)
    return file.getvalue()


RAMP = np.arange(1200, dtype=np.uint16).reshape(30, 40)


@pytest.mark.parametrize(
    "source",
    [encoded(RAMP), encoded(RAMP.astype(np.float32), "TIFF"), npy(RAMP), npy(RAMP / 1.0), RAMP],
    ids=["16 bits", "float tiff", "npy", "float npy", "array"],
)
def test_maps_keep_their_values(source):
    density = load_map(source)
    assert density.dtype == np.float64
    assert np.array_equal(density, RAMP)


def test_grey_rgb_map():
    grey = np.repeat((RAMP % 256).astype(np.uint8)[..., None], 3, axis=2)
    assert np.array_equal(load_map(encoded(grey)), grey[..., 0])


def test_a_large_map_in_colour_is_refused_before_it_becomes_floats():
    photograph = np.zeros((2000, 2000, 3), np.uint8)
    photograph[..., 0] = 200
    tracemalloc.start()
    try:
        with pytest.raises(GroundTruthError, match="colour"):
            load_map(photograph)
        assert tracemalloc.get_traced_memory()[1] < 3 * photograph.nbytes
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(30, 40), (30, 40, 3)])
def test_maps_have_a_limit_of_pixels_however_they_come(monkeypatch, shape):
    monkeypatch.setattr(reading, "MAX_PIXELS", 1000)
    with pytest.raises(GroundTruthError, match="million pixels"):
        load_map(npy(np.ones(shape, np.uint8)))


def huge_npy() -> bytes:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000), }".ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(80)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (encoded(np.full((30, 40, 3), (255, 0, 0), np.uint8)), "colour"),
        (np.zeros((30, 40)), "zero everywhere"),
        (np.full((30, 40), -1.0), "not negative"),
        (np.full((30, 40), np.nan), "finite"),
        (np.zeros(5), "shape"),
        (npy(np.array([{}, 1], dtype=object), allow_pickle=True), "no plain numbers"),
        (huge_npy(), "damaged"),
        (npy(RAMP)[:-7], "damaged"),
        (npy(RAMP).replace(b"}", b" "), "damaged"),
        (npy(RAMP).replace(b"(30, 40)", b"(-~~~~~~"), "damaged"),
        (b"hello", "not a picture"),
        (b"", "empty"),
    ],
)
def test_maps_refused(source, words):
    with pytest.raises(GroundTruthError, match=words):
        load_map(source)


@pytest.mark.parametrize(
    "table",
    [
        b"3,1\n39,29\n3,1",
        b"x,y\n3,1\n39,29\n3,1\n",
        b"\xef\xbb\xbfrow;col\r\n1;3.9\r\n29;39\r\n1;3\r\n",
        b"id\ty\tx\na\t1\t3\nb\t29\t39\nc\t1\t3",
        b'"who", "x", "y"\n"Li, Na", "3", "1"\nB, 39, 29\nB, 3, 1',
    ],
    ids=["bare", "header", "semicolons", "tabs", "quotes"],
)
def test_fixation_tables(table):
    fixations = load_fixations(table, (30, 40))
    assert fixations.dtype == np.int64
    assert fixations.tolist() == [[1, 3], [29, 39], [1, 3]]


def test_fixation_picture():
    picture = np.zeros((30, 40), np.uint8)
    picture[1, 3] = picture[29, 39] = 255
    picture[5, 5] = 100
    assert load_fixations(encoded(picture), (30, 40)).tolist() == [[1, 3], [29, 39]]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (b"x,y\n3,1\n40,2\n-1,2\n", "2 of 3 fixations lie outside of the picture, which is 40 x 30"),
        (b"nan,1", "no fixation in the file; rows left out .* 1"),
        (b"a,b\n1,2", "x and y"),
        (b"1,2\n3", "two numbers"),
        (b'x,y\n1,"' + b"2" * 200_000, "does not end"),
        (b"x,y\n", "no fixation"),
        (encoded(np.zeros((30, 40), np.uint8)), "no fixation"),
        (encoded(np.zeros((40, 30), np.uint8)), "30 x 40 pixels, the picture 40 x 30"),
        (b"\x00\x01\x02\xff", "not read from this kind of file"),
    ],
)
def test_fixations_refused(source, words):
    with pytest.raises(GroundTruthError, match=words):
        load_fixations(source, (30, 40))


def spots(count: int, width: float) -> np.ndarray:
    """A picture of 160 x 120 with round spots, blurred to `width`."""
    rows, columns = np.mgrid[:120, :160]
    centres = np.random.default_rng(0).integers(10, 110, (count, 2))
    each = [np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2)) for row, column in centres]
    return np.round(255 * np.max(each, axis=0)).astype(np.uint8)


PHOTOGRAPH = np.random.default_rng(0).integers(60, 256, (120, 160, 3), dtype=np.uint8)


@pytest.mark.parametrize("picture", [spots(1, 8), spots(9, 12), PHOTOGRAPH], ids=["a spot", "spots", "photograph"])
@pytest.mark.parametrize("format", ["PNG", "JPEG"])
def test_a_density_map_or_a_photograph_is_not_taken_for_fixations(picture, format):
    with pytest.raises(GroundTruthError, match="looks like a density map or a photograph"):
        load_fixations(encoded(picture, format), (120, 160))


def test_soft_dots_are_a_fixation_each():
    dots = np.clip(spots(30, 1.5).astype(int) * 4, 0, 255).astype(np.uint8)
    assert len(load_fixations(encoded(dots, "JPEG"), (120, 160))) == 30


def test_too_many_fixations_are_counted_and_not_listed(monkeypatch):
    listed = []
    monkeypatch.setattr(coordinates, "MAX_FIXATIONS", 1)
    monkeypatch.setattr(np, "argwhere", listed.append)
    apart = np.zeros((30, 40), np.uint8)
    apart[::3, ::4] = 255
    with pytest.raises(GroundTruthError, match="100 fixations; up to 1"):
        load_fixations(apart, (30, 40))
    with pytest.raises(GroundTruthError, match="2 fixations; up to 1"):
        load_fixations(b"1,1\n2,2", (30, 40))
    assert listed == []


def test_a_recording_keeps_who_looked_and_when():
    table = 'participant,round,order,x,y,milliseconds\n"Li, Na",1,1,3,1,250\n"Li, Na",2,1,39,29,\n,1,2,0,0,7.6\n'
    assert load_recording(table.encode(), (30, 40), "someone") == (
        Fixation(3, 1, "Li, Na", 1, 1, 250),
        Fixation(39, 29, "Li, Na", 2, 1, None),
        Fixation(0, 0, "someone", 1, 2, 8),
    )


@pytest.mark.parametrize("source", [b"3,1\n39,29", "picture"])
def test_a_recording_without_names_is_of_one_person_in_the_files_order(source):
    if source == "picture":
        picture = np.zeros((30, 40), np.uint8)
        picture[1, 3] = picture[29, 39] = 255
        source = encoded(picture)
    assert load_recording(source, (30, 40), "someone") == (
        Fixation(3, 1, "someone", 1, 1),
        Fixation(39, 29, "someone", 1, 2),
    )


def test_recordings_refused(monkeypatch):
    for cell in (b"first", b"nan", b"inf"):
        with pytest.raises(GroundTruthError, match="“round” must hold numbers"):
            load_recording(b"x,y,round\n1,1," + cell, (30, 40))
    monkeypatch.setattr(coordinates, "MAX_FIXATIONS", 1)
    with pytest.raises(GroundTruthError, match="2 fixations; up to 1"):
        load_recording(b"1,1\n2,2", (30, 40))


def test_rows_that_are_read_already():
    rows = [{"x": 3, "y": 1.9, "participant": "A", "milliseconds": 0}, {"x": "39", "y": "29", "order": 7}]
    assert recording(rows, (30, 40), "B") == (Fixation(3, 1, "A", 1, 1, 0), Fixation(39, 29, "B", 1, 7))
    for broken in ({"x": 1}, {"x": None, "y": 1}, {"x": [1], "y": 1}):
        with pytest.raises(GroundTruthError, match="two numbers"):
            recording([broken], (30, 40))
