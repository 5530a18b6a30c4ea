"""From landmarks of a face to fixations (gaze_estimation.js), by itself on an empty page, against closed forms."""

from __future__ import annotations

import json
import math
import random

import numpy as np
import pytest

from saliency.ui.shared import component

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def call(browser):
    """Calls one of the file's functions with JSON, and gives its result."""
    page = browser.new_page()
    script = component.source("gaze_estimation.js")
    yield lambda code, *given: page.evaluate(f"given => {{ {script} return ({code})(...given); }}", list(given))
    page.close()


def face(gaze=(0.0, 0.0), opening=0.3, turn=0.0, scale=40.0, middle=(320.0, 240.0)):
    """Landmarks in a picture of 640 x 480: irises at `gaze` in widths of the eye, the head turned by radians."""
    found = [{"x": 0.0, "y": 0.0}] * 478
    along, across = (math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))
    for side, numbers in ((-1.5, (33, 133, 159, 145, 468)), (1.5, (362, 263, 386, 374, 473))):
        places = ((side - 0.5, 0), (side + 0.5, 0), (side, -opening / 2), (side, opening / 2))
        for number, (u, v) in zip(numbers, (*places, (side + gaze[0], gaze[1])), strict=True):
            x, y = (middle[i] + scale * (u * along[i] + v * across[i]) for i in (0, 1))
            found[number] = {"x": x / 640, "y": y / 480}
    return found


@pytest.mark.parametrize("turn", [0, 0.3, -0.2])
@pytest.mark.parametrize("scale", [20, 55])
def test_features_do_not_change_with_place_size_and_roll_of_the_head(call, turn, scale):
    landmarks = face((0.12, -0.05), opening=0.25, turn=turn, scale=scale, middle=(300, 210))
    assert call("eyeFeatures", landmarks, 640, 480) == pytest.approx([0.12, -0.05, 0.25])


def rows_of(places):
    """Features that are nearly linear in the place; the opening follows the height, as lids do."""
    return [[0.3 * x - 0.05 * y, 0.2 * y + 0.02 * x * x, 0.4 - 0.1 * y] for x, y in places]


GRID = [(x, y) for y in (-0.4, 0, 0.4) for x in (-0.4, 0, 0.4)]


def test_the_regression_is_ridge_regression_on_quadratic_terms(call):
    """Against its closed form."""
    random.seed(1)
    rows = [[random.gauss(0, 1), random.gauss(3, 2), random.gauss(-1, 0.1)] for _ in range(9)]
    points = [[random.uniform(0, 1000), random.uniform(0, 800)] for _ in range(9)]
    new = [0.3, 2.0, -1.1]

    def standardised(known, asked):
        return (asked - known.mean(axis=0)) / known.std(axis=0)

    def squares(terms):
        along, across, opening = terms.T
        return np.stack([along, across, opening, along**2, across**2, along * across], axis=1)

    known, asked, wanted = np.array(rows), np.array([new]), np.array(points)
    curved, curved_new = squares(standardised(known, known)), squares(standardised(known, asked))
    terms = standardised(curved, curved)
    weights = np.linalg.solve(terms.T @ terms / 9 + 0.5 * np.eye(6), terms.T @ (wanted - wanted.mean(axis=0)) / 9)
    [expected] = wanted.mean(axis=0) + standardised(curved, curved_new) @ weights
    found = call("(rows, points, row) => fitGaze(rows, points, 0.5)(row)", rows, points, new)
    assert found == pytest.approx(expected.tolist())


def test_nine_points_lead_to_others_and_a_blink_does_not_move_them(call):
    measured = []
    for place, row in zip(GRID, rows_of(GRID), strict=True):
        frames = [row] * 6 + [[0.5, 0.5, 0.02]] * 2  # closed for two of eight
        measured.append({"target": [600 + 900 * place[0], 400 + 600 * place[1]], "rows": frames})
    others = [(0.25, -0.3), (-0.1, 0.2)]
    code = "(points, rows) => { const { gaze, open } = calibrate(points); return [rows.map(gaze), open]; }"
    found, opened = call(code, measured, rows_of(others))
    for (x, y), (u, v) in zip(found, others, strict=True):
        assert (x, y) == pytest.approx((600 + 900 * u, 400 + 600 * v), abs=15)
    assert 0.1 < opened < 0.25


def test_features_that_never_change_are_no_fault(call):
    assert call("() => fitGaze([[1, 2, 7], [1, 3, 7]], [[0, 5], [10, 5]])([1, 2.5, 7])") == pytest.approx([5, 5])


def test_error_and_scatter_are_distances(call):
    checked = [
        {"target": [0, 0], "rows": [[3, 4], [3, 4], [3, 4]]},  # 5 pixels away, without scatter
        {"target": [10, 10], "rows": [[10, 10], [10, 13], [10, 7]]},  # exact, and 0, 3 and 3 pixels about it
    ]
    found = call("(checked) => errorAt(checked, (row) => row)", checked)
    assert found == {"mean": 2.5, "largest": 5, "scatter": 1}


def test_a_degree_at_60_cm_is_a_centimetre_and_a_bit(call):
    assert call("pixelsPerDegreeAt", 60) == pytest.approx(2 * 60 * math.tan(math.radians(0.5)) * 96 / 2.54)


def test_the_filter_is_never_narrower_than_one_and_a_half_degrees(call):
    assert [call("filterWidth", scatter) for scatter in (0, 0.5, 2)] == pytest.approx([1.5, 1.5, 5.4])


def samples(*parts, step=1000 / 30):
    """Samples of `count` frames at each place; None is a blink."""
    points = [place for place, count in parts for _ in range(count)]
    return [{"time": i * step, "point": place and list(place)} for i, place in enumerate(points)]


def test_a_moving_median_of_five_drops_two_wild_frames_and_keeps_blinks(call):
    given = samples(((0, 0), 4), ((900, 900), 2), ((0, 0), 4), (None, 1), ((0, 0), 2))
    found = call("(given) => smoothed(given)", given)
    assert [sample["point"] for sample in found] == [[0, 0]] * 10 + [None] + [[0, 0]] * 2
    assert [sample["time"] for sample in found] == [sample["time"] for sample in given]


def test_fixations_are_the_places_that_the_eye_rests_at(call):
    given = samples(((100, 200), 9), ((300, 250), 1), ((500, 300), 12), ((700, 400), 3), ((20, 20), 6))
    found = call("(given) => fixationsOf(given, 40)", given)
    assert [(fixation["x"], fixation["y"]) for fixation in found] == [(100, 200), (500, 300), (20, 20)]
    step = 1000 / 30
    assert [fixation["start"] for fixation in found] == pytest.approx([0, 10 * step, 25 * step])
    # Three frames take 67 milliseconds, too short.
    assert [fixation["duration"] for fixation in found] == pytest.approx([8 * step, 11 * step, 5 * step])


@pytest.mark.parametrize(("width", "count"), [(9.9, 2), (10, 1)])
def test_the_width_bounds_the_sum_of_both_ranges(call, width, count):
    given = samples(((0, 0), 6), ((6, 4), 6))
    assert len(call("(given, width) => fixationsOf(given, width)", given, width)) == count


def test_a_blink_ends_a_fixation(call):
    given = samples(((0, 0), 6), (None, 3), ((0, 0), 6))
    assert [f["start"] for f in call("(given) => fixationsOf(given, 10)", given)] == pytest.approx([0, 300])


def test_without_samples_there_is_no_fixation(call):
    assert json.dumps(call("() => [fixationsOf([], 1), fixationsOf([{time: 0, point: null}], 1)]")) == "[[], []]"
