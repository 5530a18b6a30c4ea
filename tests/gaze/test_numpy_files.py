"""Positions and maps in NumPy's files."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import GazeOptions, Units, numpy_files, read_density, read_fixations
from tests.gaze.files import SHAPE, npy, positions, read

POSITIONS = np.array([[312.5, 211.9], [1.5, 2.0], [639, 479]])


def npz(**arrays: np.ndarray) -> bytes:
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize(
    "array",
    [POSITIONS, POSITIONS[None], POSITIONS.astype(np.float32), np.asfortranarray(POSITIONS), POSITIONS.astype(int)],
)
def test_positions(array):
    assert positions(read(npy(array))) == [[312, 211], [1, 2], [639, 479]]
    assert positions(read(npz(anything=array))) == [[312, 211], [1, 2], [639, 479]]


def test_positions_go_by_the_rules_of_tables():
    array = np.array([[np.nan, 1], [1e8, 2], [5, 6], [700, 5], [7, 8]])
    recording = read(npy(array))
    assert positions(recording) == [[5, 6], [7, 8]]
    assert recording.left_out == {"lost": 2, "outside": 1}
    with pytest.raises(GroundTruthError, match="look like shares"):
        read(npy(POSITIONS / 1000))
    assert positions(read(npy(np.array([[0.5, 0.25]])), units=Units.SHARES_FROM_BELOW)) == [[320, 360]]


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (POSITIONS.T, "2 x 3"),
        (np.zeros((5, 3)), "5 x 3"),
        (np.zeros((2, 5, 2)), "2 x 5 x 2"),
        (np.zeros(7), "7"),
        (np.zeros((0, 2)), "0 x 2"),
    ],
)
def test_other_shapes_are_named(array, shape):
    with pytest.raises(GroundTruthError, match=f"has the shape {shape}; positions"):
        read(npy(array))


def test_a_transposed_array_as_wide_as_a_picture_is_no_map():
    with pytest.raises(GroundTruthError, match="has the shape 2 x 640"):
        read(npy(np.ones((2, 640))))


def test_an_archive_of_several_arrays_needs_a_known_name():
    density = np.outer(np.hanning(30), np.hanning(40))
    assert np.array_equal(read_density(npz(Density=density, other=density.T)).values, density)
    with pytest.raises(GroundTruthError, match=r"several arrays: a, b. Please save the one that is meant alone"):
        read_density(npz(a=density, b=density))
    assert positions(read(npz(fixations=POSITIONS, density=density))) == [[312, 211], [1, 2], [639, 479]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (npz(a=POSITIONS)[:-30], "npz file is damaged"),
        (npy(np.array([{}], dtype=object), allow_pickle=True), "no plain numbers"),
        (npy(np.array(["a", "b"])), "no plain numbers"),
        (npy(POSITIONS)[:-3], "damaged"),
        (b"PK\x03\x04" + b"\0" * 26 + b"xl/workbook.xml", "Workbooks"),
    ],
)
def test_refused(content, words):
    with pytest.raises(GroundTruthError, match=words):
        read_fixations(content, SHAPE)


def test_an_array_that_unpacks_to_more_than_the_limit_is_not_unpacked(monkeypatch):
    monkeypatch.setattr(numpy_files, "MAX_ARRAY_BYTES", 1000)
    with pytest.raises(GroundTruthError, match="“bomb” has more than"):
        read_density(npz(bomb=np.zeros((300, 400))), GazeOptions())
