"""Models against marked fixations: closed forms, pysaliency, and everything that cannot be scored."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import gradio as gr
import numpy as np
import pysaliency.metrics
import pytest
from scipy.ndimage import gaussian_filter

from saliency.conditions import Condition
from saliency.errors import GroundTruthError
from saliency.gaze import Fixation
from saliency.human_consistency import usual_blur
from saliency.predictor import Predictor
from saliency.results import CheckpointIdentity, Comparison, Prediction
from saliency.ui.gaze import gaze_tab
from saliency.ui.gaze.gaze_presentation import present_scores
from saliency.ui.gaze.gaze_stage import Looked, read_looked, staged
from saliency.ui.gaze.gaze_tab import read_files
from tests.pictures import COFFEE

SHAPE = (300, 400)
PEAK = Fixation(x=250, y=90)


def gaussian(x, y, sigma, shape=SHAPE):
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    return np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / (2 * sigma**2)).astype(np.float32)


def compared(maps, shape=SHAPE, condition=Condition.PURE, notices=()):
    predictions = tuple(
        Prediction(
            model=name,
            title=name.title(),
            condition=condition,
            sentence="",
            working_map=values,
            shape=shape,
            checkpoint=CheckpointIdentity(name, "ab" * 32, name, "compact"),
            notices=notices,
        )
        for name, values in maps.items()
    )
    picture = np.random.default_rng(0).integers(256, size=(*shape, 3), dtype=np.uint8)
    return Comparison(picture, predictions, {"total": 0.5})


def scores(view):
    return {row[0]: dict(zip(view["table"]["columns"][1:], row[1:], strict=True)) for row in view["table"]["rows"]}


def test_a_map_that_is_the_density_of_the_marks_is_right_in_every_way():
    marks = [PEAK, Fixation(100, 200), PEAK]
    own = 2 * gaussian(250, 90, 12) + gaussian(100, 200, 12)
    view = present_scores(compared({"twin": own}), marks, blur=12)
    twin = scores(view)["twin"]
    assert twin["CC"] == pytest.approx(1, abs=1e-5)
    assert twin["SIM"] == pytest.approx(1, abs=1e-3)  # the blur ends after four standard deviations
    assert twin["KL"] == pytest.approx(0, abs=1e-3)
    at_marks = (own[90, 250] * 2 + own[200, 100]) / 3
    assert twin["NSS"] == pytest.approx((at_marks - own.mean()) / own.std(), rel=1e-4)


def test_all_marks_on_the_peak_are_the_best_there_is():
    values = gaussian(250, 90, 30)
    view = present_scores(compared({"peaked": values, "flat": np.ones(SHAPE, np.float32)}), [PEAK] * 4)
    peaked, flat = scores(view)["peaked"], scores(view)["flat"]
    assert peaked["NSS"] == pytest.approx((1 - values.mean()) / values.std(), rel=1e-4)
    assert peaked["AUC"] == pytest.approx(1 - 0.5 / values.size, abs=1e-9)  # one pixel ties with itself
    assert (flat["NSS"], flat["AUC"], flat["CC"]) == (0, 0.5, 0)


def test_scores_agree_with_pysaliency():
    generator = np.random.default_rng(3)
    marks = [Fixation(int(x), int(y)) for x, y in generator.integers(0, 300, (20, 2))]
    values = generator.random(SHAPE, dtype=np.float32) + 0.1
    counts = np.zeros(SHAPE)
    for mark in marks:
        counts[mark.y, mark.x] += 1
    density = gaussian_filter(counts, 20, mode="constant")
    ours = scores(present_scores(compared({"noise": values}), marks, blur=20))["noise"]
    assert ours["CC"] == pytest.approx(pysaliency.metrics.CC(values, density), abs=1e-4)
    assert ours["SIM"] == pytest.approx(pysaliency.metrics.SIM(values, density), abs=1e-4)
    assert ours["KL"] == pytest.approx(pysaliency.metrics.MIT_KLDiv(values, density), abs=1e-3)
    xs, ys = [mark.x for mark in marks], [mark.y for mark in marks]
    assert ours["NSS"] == pytest.approx(pysaliency.metrics.NSS(values.astype(float), xs, ys).mean(), abs=1e-4)


def test_models_are_ranked_by_nss():
    maps = {"far": gaussian(20, 280, 20), "near": gaussian(240, 90, 20), "middle": gaussian(190, 90, 40)}
    view = present_scores(compared(maps), [PEAK])
    assert [row[0] for row in view["table"]["rows"]] == ["near", "middle", "far"]
    assert [model["title"] for model in view["models"]] == ["Near", "Middle", "Far"]
    assert view["table"]["columns"] == ("model", "NSS", "AUC", "CC", "SIM", "KL")


def test_a_large_picture_is_scored_at_a_size_that_is_enough():
    shape = (1800, 2400)
    view = present_scores(compared({"near": gaussian(250, 90, 20)}, shape), [Fixation(1500, 540)], blur=120)
    near = scores(view)["near"]
    assert near["CC"] == pytest.approx(1, abs=1e-3)
    assert view["fixations"][0]["x"] == 1500
    assert view["size"] == {"width": 2400, "height": 1800}
    assert view["blur"]["pixels"] == 120


def test_the_usual_blur_is_that_of_sjtu_tis():
    assert usual_blur((480, 640)) == pytest.approx(31.98, abs=0.01)
    view = present_scores(compared({"a": gaussian(1, 1, 20)}), [PEAK], pixels_per_degree=40.0)
    assert view["blur"] == {"pixels": 15.99, "degrees": 0.4}
    assert present_scores(compared({"a": gaussian(1, 1, 20)}), [PEAK])["blur"]["degrees"] is None


@pytest.mark.parametrize("blur", [0, -3, 51, math.nan, math.inf])
def test_a_blur_out_of_range_is_refused(blur):
    with pytest.raises(GroundTruthError, match="between 1 and 50 pixels"):
        present_scores(compared({"a": gaussian(1, 1, 20)}), [PEAK], blur=blur)


def test_the_view_is_json_and_counts_people():
    marks = [Fixation(1, 2, "A", 1, 1), Fixation(3, 4, "B", 1, 1), Fixation(5, 6, "A", 2, 1), Fixation(7, 8, "A", 2, 2)]
    comparison = compared({"a": gaussian(1, 1, 20), "b": gaussian(9, 9, 20)}, notices=("The end was not read.",))
    view = json.loads(json.dumps(present_scores(comparison, marks, blur=1), allow_nan=False))
    assert view["people"] == [
        {"participant": "A", "rounds": 2, "fixations": 3},
        {"participant": "B", "rounds": 1, "fixations": 1},
    ]
    assert view["notices"] == ["The end was not read."]
    dark = replace(comparison, notices=("The picture is dark.",))
    assert present_scores(dark, marks, blur=1)["notices"] == ["The picture is dark.", "The end was not read."]
    assert view["gaze"]["where"]["place"] == [0, 0]
    assert view["gaze"]["low"] == 0 < 1 < view["gaze"]["high"]


def test_what_a_client_sends_is_read():
    assert read_looked(None, SHAPE) == read_looked([], SHAPE) == read_looked({}, SHAPE) == Looked()
    assert read_looked([[250.7, 90]], SHAPE) == Looked((PEAK,))
    sent = {"fixations": [{"x": 250, "y": 90, "participant": "A", "round": 2, "order": 3, "milliseconds": 9}]}
    assert read_looked(sent | {"pixels_per_degree": 38.5}, SHAPE) == Looked((Fixation(250, 90, "A", 2, 3, 9),), 38.5)


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ("here", "list of"),
        (7, "list of"),
        ([[1]], "list of"),
        ([1, 2], "list of"),
        ([["a", "b"]], "two numbers"),
        ([{"x": 1}], "two numbers"),
        ([[400, 0], [0, 0]], "1 of 2 fixations lie outside of the picture, which is 400 x 300"),
        ({"fixations": "x"}, "list of"),
        ({"fixations": [[1, 1]], "pixels_per_degree": -1}, "list of"),
    ],
)
def test_what_cannot_be_read_is_refused(sent, words):
    with pytest.raises(GroundTruthError, match=words):
        read_looked(sent, SHAPE)


def test_files_of_several_people_are_merged_and_a_bad_one_is_named(tmp_path):
    (tmp_path / "ann.csv").write_text("x,y\n1,2\n3,4\n")
    (tmp_path / "class.csv").write_text("participant,x,y\nBob,5,6\n")
    files = [str(tmp_path / "ann.csv"), str(tmp_path / "class.csv")]
    assert [read.fixations for read in read_files(files, SHAPE)] == [
        (Fixation(1, 2, "ann", 1, 1), Fixation(3, 4, "ann", 1, 2)),
        (Fixation(5, 6, "Bob", 1, 1),),
    ]
    assert read_files(None, SHAPE) == ()
    (tmp_path / "bad.csv").write_text("a,b\n1,2\n")
    with pytest.raises(GroundTruthError, match=r"^bad\.csv: .*x and y"):
        read_files([*files, str(tmp_path / "bad.csv")], SHAPE)


def test_the_stage_knows_the_pictures_own_size():
    message = staged(np.zeros((2000, 3000, 3), np.uint8))["picture"]
    assert (message["width"], message["height"]) == (3000, 2000)
    assert len(message["jpeg"]) < 100_000
    assert staged(COFFEE)["picture"]["width"] == 600


def test_a_refused_picture_leaves_the_one_on_the_stage_to_be_scored(miniatures, tmp_path):
    with gr.Blocks() as demo:
        on_stage, stage = gaze_tab.build(Predictor(checkpoint_dir=miniatures)).shown
    uploads = [fn for fn in demo.fns.values() if any(event == "upload" for _, event in fn.targets)]
    [put] = [fn for fn in uploads if on_stage in fn.outputs]
    [scored] = [fn for fn in demo.fns.values() if fn.api_name == "score"]
    assert (put.outputs, scored.inputs[:2]) == ([on_stage, stage], [on_stage, stage])
    assert on_stage not in put.inputs  # what was refused is not in the field that is scored
    (tmp_path / "bad.heic").write_bytes(b"no picture")
    with pytest.raises(gr.Error):
        put.fn(str(tmp_path / "bad.heic"))
    path, message = put.fn(str(COFFEE))
    assert path == str(COFFEE)
    assert message["picture"]["width"] == 600
