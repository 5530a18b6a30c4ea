"""MATLAB files as SALICON, CAT2000 and OSIE have them, made by scipy."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import numpy as np
import pytest
import scipy.io

from saliency.errors import GroundTruthError
from saliency.gaze import mat_files, read_density
from tests.gaze.files import notices, positions, read


def mat(**variables: Any) -> bytes:
    file = BytesIO()
    scipy.io.savemat(file, variables, do_compression=True)
    return file.getvalue()


def cells(values: list[Any]) -> np.ndarray:
    """A cell array, (N, 1)."""
    array = np.empty((len(values), 1), dtype=object)
    array[:, 0] = values
    return array


def salicon(*people: np.ndarray) -> bytes:
    gaze = np.zeros((len(people), 1), dtype=[("location", "O"), ("timestamp", "O"), ("fixations", "O")])
    for number, fixations in enumerate(people):
        gaze[number, 0] = (np.ones((50, 2)), np.arange(50.0)[:, None], fixations)
    return mat(image="SALICON_1", resolution=[480, 640], gaze=gaze)


def test_salicon_counts_from_one_and_has_a_struct_per_person():
    recording = read(
        salicon(
            np.array([[1, 1], [640, 480]], dtype=np.uint16),
            np.array([[100, 50]], dtype=np.uint16),
            np.zeros((0, 2)),
            np.array([[7, 8], [9, 10]], dtype=np.uint16),
        )
    )
    assert positions(recording) == [[0, 0], [639, 479], [99, 49], [6, 7], [8, 9]]
    assert [fixation.participant for fixation in recording.fixations] == ["1", "1", "2", "4", "4"]
    assert "count from one; one was subtracted" in notices(recording)
    assert positions(read(salicon(np.array([[3, 4]])))) == [[2, 3]]


def test_fixation_locations_of_cat2000_and_mit():
    places = np.zeros((480, 640), np.uint8)
    places[10, 20] = places[11, 20] = places[479, 639] = 1
    assert positions(read(mat(fixLocs=places))) == [[20, 10], [20, 11], [639, 479]]
    assert positions(read(mat(fixLocs=places > 0))) == [[20, 10], [20, 11], [639, 479]]


def osie(*pictures: tuple[str, list[list[tuple[float, float, float]]]]) -> bytes:
    structs = []
    for name, people in pictures:
        subjects = []
        for fixations in people:
            x, y, duration = np.array(fixations).reshape(-1, 3).T
            subjects.append({"fix_x": x[None], "fix_y": y[None], "fix_duration": duration[None]})
        structs.append({"img": name, "subjects": cells(subjects)})
    return mat(fixations=cells(structs))


def test_osie_has_all_pictures_in_one_file():
    content = osie(
        ("1001.jpg", [[(10, 20, 250), (30.7, 40, 300)], [(50, 60, 200)]]),
        ("1002.jpg", [[(1, 2, 3)], []]),
    )
    with pytest.raises(GroundTruthError, match=r"gaze on 2 pictures.*1001.jpg, 1002.jpg"):
        read(content)
    recording = read(content, picture="1001")
    assert positions(recording) == [[10, 20], [30, 40], [50, 60]]
    assert [(fixation.participant, fixation.duration) for fixation in recording.fixations] == [
        ("1", 250),
        ("1", 300),
        ("2", 200),
    ]
    assert positions(read(content, picture="1002.jpg")) == [[1, 2]]


def test_a_density_map():
    density = np.outer(np.hanning(30), np.hanning(40))
    assert np.array_equal(read_density(mat(anything=density)).values, density)
    assert np.array_equal(read_density(mat(salMap=density, other=density.T, name="p")).values, density)
    assert np.array_equal(read_density(mat(map=density, sigma=3.0)).values, density)
    with pytest.raises(GroundTruthError, match="variables a, b; please save the density map alone"):
        read_density(mat(a=density, b=density))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (mat(points=np.ones((5, 2)), name="p"), "variables points, name; of fixations, “gaze”"),
        (mat(gaze=np.ones((5, 2))), "no fixation"),
        (mat(fixations="none"), "no fixation"),
        (b"MATLAB 7.3 MAT-file, Platform: GLNXA64" + b" " * 100, "version 7.3 are not read"),
        (b"\x89HDF\r\n\x1a\n" + b"\0" * 100, "version 7.3 are not read"),
        (mat(fixLocs=np.eye(480, 640))[:-20], "damaged"),
        (b"MATLAB 5.0 MAT-file", "damaged"),
    ],
)
def test_refused(content, words):
    with pytest.raises(GroundTruthError, match=words):
        read(content)


def test_variables_that_unpack_to_more_than_the_limit_are_not_read(monkeypatch):
    monkeypatch.setattr(mat_files, "MAX_EXPANDED", 100_000)
    with pytest.raises(GroundTruthError, match="have more than"):
        read(mat(fixLocs=np.zeros((480, 640))))
