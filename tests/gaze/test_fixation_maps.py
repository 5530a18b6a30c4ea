"""Pictures and arrays of fixations: pixels, counts and discs; and what is none of them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from saliency.errors import GroundTruthError
from saliency.gaze import load_fixations, read_fixations
from tests.gaze.files import SHAPE, encoded, notices, npy, read

POINTS = [[100, 200], [101, 200], [101, 201], [250, 20], [479, 639]]


def dotted(value: float = 255, dtype: type = np.uint8, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    picture = np.zeros(shape, dtype)
    picture[tuple(np.transpose(POINTS))] = value
    return picture


def discs(points: np.ndarray, radius: int, shape: tuple[int, int] = SHAPE) -> np.ndarray:
    picture = np.zeros(shape, np.uint8)
    for y, x in points:
        cv2.circle(picture, (int(x), int(y)), radius, 255, -1)
    return picture


@pytest.mark.parametrize(
    "source",
    [
        encoded(dotted()),
        encoded(dotted(1)),
        encoded(dotted(100)),
        encoded(dotted() > 0),
        encoded(dotted(65535, np.uint16)),
        encoded(dotted(1, np.uint16)),
        encoded(dotted(1, np.float32), "TIFF"),
        encoded(np.stack([dotted(), dotted() * 0, dotted() * 0], axis=2)),
        npy(dotted() > 0),
        npy(dotted(1)[None]),
        npy(dotted(1, np.float64)[..., None]),
        dotted(1),
    ],
)
def test_marked_pixels_are_a_fixation_each_also_where_they_touch(source):
    recording = read_fixations(source, SHAPE)
    assert recording.points.tolist() == POINTS
    assert recording.notices == ()


@pytest.mark.parametrize("write", [encoded, npy, lambda counts: npy(counts.astype(np.float32)[None])])
def test_counts_are_repeats(write):
    counts = dotted(1)
    counts[250, 20], counts[479, 639] = 3, 4
    recording = read(write(counts))
    assert recording.points.tolist() == [*POINTS[:3], *[[250, 20]] * 3, *[[479, 639]] * 4]
    assert "1 to 4, were read as numbers of fixations per pixel: 10 fixations." in notices(recording)


def grid(count: int) -> np.ndarray:
    """Centres that lie apart, in the order of their rows."""
    rows, columns = np.divmod(np.arange(count), 8)
    return np.stack([30 + 60 * rows + columns, 40 + 70 * columns], axis=1)


@pytest.mark.parametrize("radius", [1, 2, 3, 4, 8, 15])
@pytest.mark.parametrize("count", [1, 30])
def test_a_disc_is_one_fixation_at_its_centre(radius, count):
    points = grid(count)
    recording = read(encoded(discs(points, radius)))
    assert recording.points.tolist() == sorted(points.tolist())
    assert f"read as {count} fixation" in notices(recording)


def test_squares_of_a_map_that_was_enlarged():
    small = np.zeros((240, 320), np.uint8)
    small[20::40, 30::50] = 255
    big = np.kron(small, np.ones((2, 2), np.uint8))
    assert load_fixations(big, SHAPE).tolist() == (np.argwhere(small) * 2).tolist()


def test_discs_that_overlap_are_counted_by_their_centres():
    overlapping = [[100, 100], [100, 106], [200, 300], [204, 304], [400, 400], [400, 407]]
    points = np.array([*overlapping, [300, 50], [30, 50], [30, 600]])
    assert sorted(load_fixations(discs(points, 5), SHAPE).tolist()) == sorted(points.tolist())


def test_a_disc_at_the_edge_is_at_the_edge():
    points = np.array([[0, 100], [240, 639], [200, 200], [100, 300], [300, 400]])
    assert load_fixations(discs(points, 6), SHAPE).tolist() == sorted(points.tolist())


def test_a_thousand_discs_are_found_near_where_they_were_drawn():
    rng = np.random.default_rng(0)
    points = np.stack([rng.integers(10, 990, 300), rng.integers(10, 1490, 300)], axis=1)
    found = load_fixations(discs(points, 4, (1000, 1500)), (1000, 1500))
    distances = np.linalg.norm(found[:, None] - points[None], axis=2)
    assert 290 <= len(found) <= 300
    assert distances.min(axis=1).max() <= 3


def gaussian(centres: list[tuple[int, int]], width: float) -> np.ndarray:
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    each = [np.exp(-((rows - row) ** 2 + (columns - column) ** 2) / (2 * width**2)) for row, column in centres]
    return np.sum(each, axis=0)


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
@pytest.mark.parametrize(
    "centres", [[(240, 320)], [(100, 100), (130, 160), (300, 400)], [(90, 90), (300, 300), (110, 150)]]
)
def test_a_density_after_a_threshold_is_refused(threshold, centres):
    density = gaussian(centres, 60)
    with pytest.raises(GroundTruthError, match="a density map after a threshold"):
        read(encoded(((density > threshold * density.max()) * 255).astype(np.uint8)))


def test_one_small_area_is_a_disc_only_if_it_is_symmetrical():
    area = discs(np.array([[100, 100]]), 5)
    assert load_fixations(area, SHAPE).tolist() == [[100, 100]]
    area[94, 98:101] = 255
    with pytest.raises(GroundTruthError, match="large or irregular"):
        load_fixations(area, SHAPE)


@pytest.mark.parametrize("value", [255, 60])
def test_bright_and_dark_densities_are_refused(value):
    density = gaussian([(240, 320), (100, 100)], 60)
    with pytest.raises(GroundTruthError, match="looks like a density map or a photograph"):
        read(encoded((density / density.max() * value).astype(np.uint8)))


def test_a_dark_and_narrow_density_is_no_map_of_counts():
    density = gaussian([(240, 320)], 15)
    with pytest.raises(GroundTruthError, match="looks like a density map"):
        read(encoded((density * 40).astype(np.uint8)))


def test_white_paper_with_black_dots_is_refused():
    with pytest.raises(GroundTruthError, match="large or irregular"):
        read(encoded(255 - dotted()))


def test_grey_pixels_beside_white_ones_are_counted_and_not_read():
    picture = dotted()
    picture[10, 10] = picture[20, 20] = 100
    recording = read(encoded(picture))
    assert recording.points.tolist() == POINTS
    assert "Pixels darker than half of white were not read: 2." in notices(recording)


def test_a_map_of_another_size_is_moved_by_the_ratio():
    small = np.zeros((240, 320), np.uint8)
    small[10, 20] = small[239, 319] = 255
    recording = read(encoded(small))
    assert recording.points.tolist() == [[20, 40], [478, 638]]
    assert "is 320 x 240, the picture 640 x 480 pixels; the fixations were moved by the ratio" in notices(recording)
    with pytest.raises(GroundTruthError, match="are 320 x 320 pixels, the picture 640 x 480"):
        read(encoded(np.pad(small, ((0, 80), (0, 0)))))


@pytest.mark.parametrize("values", [np.full((30, 40), np.nan), np.where(np.eye(30, 40) > 0, -1.0, 0.5)])
def test_arrays_without_meaning_are_refused(values):
    with pytest.raises(GroundTruthError, match="map of fixations has"):
        load_fixations(values, (30, 40))
