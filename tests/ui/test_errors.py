"""The Errors tab without a browser: what is sent of an analysis, of a sample, and the report."""

from __future__ import annotations

import base64
import itertools
import json
import re
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from saliency.analysis import METRICS, ErrorAnalysis, differences, means
from saliency.data import ObjectDataset
from saliency.data.layouts import open_data_set
from saliency.errors import DatasetError, UnknownModelError
from saliency.external_maps import ExternalMaps
from saliency.object_evaluation import ObjectEvaluation, ObjectMaps
from saliency.predictor import Predictor
from saliency.ui.errors import report
from saliency.ui.errors.errors_tab import evaluated, present_intervals, present_overview
from saliency.ui.errors.report import write_report
from saliency.ui.errors.sample_presentation import present_sample
from saliency.ui.errors.thumbnails import Thumbnails
from saliency.ui.shared.texts import section
from tests.samples import HEIGHT, SENTENCES, WIDTH, write_data_set

MARKUP = "<script>alert(1)</script> {{ 7*7 }} & \"<img src=x onerror='x'>"


@pytest.fixture
def study(miniatures, tmp_path) -> ErrorAnalysis:
    predictor = Predictor(["reader", "blind"], checkpoint_dir=miniatures, precision="float32")
    root = write_data_set(tmp_path / "gaze", sentences=SENTENCES | {"_1": MARKUP})
    return ErrorAnalysis(predictor, open_data_set(root), tmp_path / "cache")


def test_an_evaluation_ends_with_everything_that_is_drawn(study):
    *steps, view = evaluated(study, ["reader", "blind"])
    assert steps[0] == {"progress": {"task": "evaluate", "title": "Reader", "done": 0, "total": 24}}
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert view["data"] == {"name": "gaze", "split": None, "samples": 12, "pictures": 3}
    assert [(model["name"], model["scored"]) for model in view["models"]] == [("reader", 12), ("blind", 12)]
    assert view["conditions"] == ["pure", "general", "salient", "non_salient"]
    assert [metric["name"] for metric in view["metrics"] if metric["lower"]] == ["KL"]
    table = study.table().set_index(["model", "stem"])
    for number, stem in enumerate(view["samples"]["stem"]):
        assert view["scores"]["blind"]["NSS"][number] == pytest.approx(table.loc[("blind", stem), "NSS"], abs=1e-4)
    assert len(view["means"]) == 2 * 5 * len(METRICS)


def test_what_was_cancelled_is_shown_as_far_as_it_came(study):
    assert present_overview(study)["samples"]["stem"] == []
    running = study.run(["reader"])
    list(itertools.islice(running, 4))
    running.close()
    view = present_overview(study)
    assert len(view["samples"]["stem"]) == 3
    assert list(view["scores"]) == ["reader"]
    assert [model["scored"] for model in view["models"]] == [3, 0]


def test_intervals_are_those_of_the_analysis(study):
    list(study.run())
    table = study.table()
    whole = present_intervals(study, None, "reader", "blind")
    assert json.loads(json.dumps(whole, allow_nan=False)) == whole
    assert whole["means"] == []
    expected = differences(table, "reader", "blind")
    assert [(row["condition"], row["metric"]) for row in whole["differences"]] == list(
        zip(expected["condition"], expected["metric"], strict=True)
    )
    for name in ("mean", "low", "high"):
        assert [row[name] for row in whole["differences"]] == pytest.approx(list(expected[name]), abs=1e-4)

    stems = [stem for stem in study.samples if stem.endswith("_2")]
    part = present_intervals(study, stems, "reader", "blind")
    assert part["differences"][: len(whole["differences"])] == whole["differences"]
    chosen = means(table[table["condition"] == study.samples[stems[0]].condition.value])
    for model in ("reader", "blind"):
        got = {row["metric"]: row for row in part["means"] if row["model"] == model}
        for row in chosen[chosen["model"] == model].to_dict("records"):
            assert got[row["metric"]]["condition"] == "selection"
            assert (got[row["metric"]]["low"], got[row["metric"]]["n"]) == (pytest.approx(row["low"], abs=1e-4), 3)
    assert present_intervals(study, ["no such"], "reader", "nobody") == {"means": [], "differences": []}


def test_thumbnails_are_small_and_of_the_data_set_alone(study):
    stems = list(study.samples)
    study.samples[stems[1]].image_path.write_bytes(b"no picture")
    pixels = np.random.default_rng(0).integers(0, 256, (900, 1600, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(study.samples[stems[2]].image_path)
    thumbnails = Thumbnails(study.samples)
    made = thumbnails.of([*stems[:3], "/etc/passwd", "../x"])
    assert list(made) == stems[:3]
    assert made[stems[1]] is None
    assert made[stems[2]].startswith("data:image/jpeg;base64,")
    small = Image.open(BytesIO(base64.b64decode(made[stems[2]].split(",")[1])))
    assert small.size == (144, 81)
    study.samples[stems[0]].image_path.unlink()  # it is not read again
    assert thumbnails.of(stems[:1])[stems[0]] == made[stems[0]]
    assert len(thumbnails.of(stems * 9)) <= 25


def test_a_sample_has_the_truth_and_every_answer(study):
    stem = "000000000002_1"
    view = present_sample(study, stem)
    assert json.dumps(view, allow_nan=False)
    points = study.samples[stem].fixations()
    np.testing.assert_allclose(np.array(view["fixations"]) * (WIDTH, HEIGHT) - 0.5, points[:, ::-1], atol=0.01)
    packed = Image.open(BytesIO(base64.b64decode(view["truth"]["png"].split(",")[1])))
    assert np.unravel_index(np.asarray(packed).argmax(), (HEIGHT, WIDTH)) == tuple(points.mean(axis=0))
    reader, blind = view["models"]
    assert list(reader["scores"]) == list(METRICS)
    assert [word["word"] for word in reader["words"]] == view["sentence"].split()
    assert blind["words"] == []


def test_a_sample_reports_truncation(miniatures, tmp_path):
    root = write_data_set(tmp_path / "gaze", sentences=SENTENCES | {"_1": "word " * 10})
    study = ErrorAnalysis(Predictor(["reader", "blind"], checkpoint_dir=miniatures), open_data_set(root), tmp_path)
    notices = present_sample(study, "000000000002_1")["notices"]
    assert notices == ["Reader: The sentence is too long: only the first 8 of its 10 words were read."]


@pytest.mark.parametrize("stem", ["/etc/passwd", "../gaze/text.json", "", "000000000002_1.png"])
def test_only_samples_of_the_data_set_can_be_named(study, stem, tmp_path):
    with pytest.raises(DatasetError, match="no such sample"):
        present_sample(study, stem)
    with pytest.raises(DatasetError, match="no such sample"):
        list(write_report(study, [stem], "", tmp_path / "report.html"))
    with pytest.raises(UnknownModelError, match="reader, blind"):
        list(evaluated(study, [stem]))


class Page(HTMLParser):
    """Tags and text of a page."""

    def __init__(self, text: str):
        super().__init__()
        self.tags, self.sources, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.sources += [value for name, value in attributes if name in ("src", "href")]
        assert not any(name.startswith("on") for name, _ in attributes)

    def handle_data(self, data):
        self.words.append(data)


def test_a_chinese_report_has_no_english(study, tmp_path, monkeypatch):
    monkeypatch.setattr("saliency.ui.shared.sentences.speaks_chinese", lambda _: True)
    list(study.run())
    path = tmp_path / "report.html"
    list(write_report(study, [stem for stem in study.samples if stem.endswith("_2")], "", path))
    text = path.read_text(encoding="utf-8")
    assert '<html lang="zh">' in text
    words = " ".join("".join(Page(text.partition("</style>")[2]).words).split())
    assert "非显著对象描述" in words
    assert not re.search(r"[A-Za-z]{2,}(?: [A-Za-z]+){2,}", words.replace(SENTENCES["_2"], ""))


def test_a_report_stands_alone_and_shows_text_as_text(study, tmp_path, monkeypatch):
    monkeypatch.setattr("saliency.ui.errors.report.PICTURES", 3)
    list(study.run())
    path = tmp_path / "report.html"
    stems = [stem for stem in study.samples if stem.endswith("_1") or stem.endswith("_2")]
    assert list(write_report(study, stems, MARKUP, path)) == [(0, 3), (1, 3), (2, 3)]
    page = Page(path.read_text(encoding="utf-8"))
    words = " ".join("".join(page.words).split())
    assert "script" not in page.tags
    assert words.count(MARKUP) == 3  # of the choice and of two samples shown
    assert "The first 3 of 6 are shown" in words
    assert page.tags.count("img") == 3 * 4
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.sources)
    table = study.table()
    expected = table[table["stem"].isin(stems) & (table["model"] == "blind") & (table["condition"] == "general")]
    cells = re.search(r"General\s+Blind\s+(\S+)\s+\S+ to ", "\n".join(page.words).replace("\n\n", "\n"))
    assert float(cells[1]) == pytest.approx(expected["CC"].mean(), abs=6e-4)


@pytest.fixture
def of_objects(miniatures, tmp_path) -> ObjectEvaluation:
    """Two pictures with masks, as ECSSD is released, and maps of another program; the first map is the mask."""
    rng = np.random.default_rng(0)
    root = tmp_path / "ECSSD"
    for folder in (root / "images", root / "ground_truth_mask", tmp_path / "maps"):
        folder.mkdir(parents=True)
    for number, name in enumerate("ab"):
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[10 : 30 + number, 12:50] = 255
        Image.fromarray(rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)).save(root / "images" / f"{name}.jpg")
        Image.fromarray(mask).save(root / "ground_truth_mask" / f"{name}.png")
        Image.fromarray(mask if number == 0 else 0 * mask).save(tmp_path / "maps" / f"{name}.png")
    data = ObjectDataset(root)
    predictor = Predictor(["blind"], checkpoint_dir=miniatures, precision="float32")
    return ObjectEvaluation(predictor, data, tmp_path / "cache", maps=[ObjectMaps("mine", tmp_path / "maps", data)])


def test_a_data_set_of_objects_is_analysed_by_their_metrics(of_objects):
    *_, view = evaluated(of_objects, ["blind", "mine"])
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert view["task"] == "objects"
    assert [metric["name"] for metric in view["metrics"]] == ["MAE", "adpF", "meanF", "wF", "adpE", "meanE", "S"]
    assert [metric["name"] for metric in view["metrics"] if metric["lower"]] == ["MAE"]
    assert view["conditions"] == ["pure"]
    assert view["samples"]["stem"] == ["a", "b"]
    mine = view["scores"]["mine"]
    share = of_objects.masks["b"].mask().mean()
    assert mine["MAE"] == pytest.approx([0, share], abs=1e-3)
    assert (mine["meanF"][0], mine["wF"][1]) == (pytest.approx(1, abs=1e-2), 0)
    assert any("whole data sets" in notice for notice in view["notices"])
    paired = present_intervals(of_objects, None, "blind", "mine")["differences"]
    assert {row["metric"] for row in paired} == set(of_objects.metrics)
    assert all(f"about_{metric}" in section("common") for metric in of_objects.metrics)


def test_a_sample_of_objects_shows_its_mask_and_no_fixations(of_objects):
    view = json.loads(json.dumps(present_sample(of_objects, "b"), allow_nan=False))
    assert (view["task"], view["fixations"]) == ("objects", None)
    grey = np.asarray(Image.open(BytesIO(base64.b64decode(view["truth"]["png"].split(",")[1]))))
    np.testing.assert_array_equal(grey > 128, of_objects.masks["b"].mask())
    assert [model["name"] for model in view["models"]] == ["blind", "mine"]
    assert view["models"][1]["scores"]["wF"] == 0  # the map is black, and is drawn all the same


def test_a_report_of_objects_speaks_of_masks(of_objects, tmp_path):
    list(of_objects.run())
    list(write_report(of_objects, ["a", "b"], "", tmp_path / "report.html"))
    written = (tmp_path / "report.html").read_text()
    assert "Mask of the salient objects" in written
    assert "Where people looked" not in written
    assert "except for MAE" in written


def test_a_report_has_no_minus_before_a_zero():
    assert [report.number(value, 2) for value in (-0.001, -0.01, 0.5)] == ["0.00", "−0.01", "0.50"]


@pytest.fixture
def compared(miniatures, tmp_path) -> ErrorAnalysis:
    """A data set with a damaged picture, a model, and maps of another program for all samples but the last."""
    data = open_data_set(write_data_set(tmp_path / "gaze", sentences={"_0": ""}))
    (tmp_path / "deepgaze").mkdir()
    for sample in data.samples[:2]:
        eight = np.tile(np.arange(WIDTH, dtype=np.uint8), (HEIGHT, 1))
        Image.fromarray(eight).save(tmp_path / "deepgaze" / f"{sample.stem}.png")
    data.samples[0].image_path.write_bytes(b"\x89PNG\r\n\x1a\n cut")
    predictor = Predictor(["reader"], checkpoint_dir=miniatures, precision="float32")
    maps = [ExternalMaps("DeepGaze", tmp_path / "deepgaze", data.samples)]
    return ErrorAnalysis(predictor, data, tmp_path / "cache", maps=maps)


def test_maps_of_other_programs_are_one_more_model_everywhere(compared, tmp_path):
    *_, view = evaluated(compared, ["reader", "DeepGaze"])
    assert json.loads(json.dumps(view, allow_nan=False)) == view
    assert [(model["title"], model["scored"]) for model in view["models"]] == [("Reader", 2), ("DeepGaze", 1)]
    assert view["scores"]["DeepGaze"]["CC"][1] is None
    rows = [row for row in view["means"] if row["model"] == "DeepGaze" and row["metric"] == "NSS"]
    assert [row["n"] for row in rows] == [1]

    sample = present_sample(compared, "000000000002_0")
    _, deepgaze = sample["models"]
    assert (deepgaze["title"], deepgaze["words"]) == ("DeepGaze", [])
    assert deepgaze["scores"]["NSS"] == view["scores"]["DeepGaze"]["NSS"][0]
    assert deepgaze["map"]["where"]["peak"][0] > 0.9  # the map rises from left to right
    assert any(notice.startswith("DeepGaze: The map has at most 256") for notice in sample["notices"])

    path = tmp_path / "report.html"
    list(write_report(compared, ["000000000002_0", "000000000003_0"], "", path))
    page = Page(path.read_text(encoding="utf-8"))
    words = " ".join("".join(page.words).split())
    assert page.tags.count("img") == (2 + 2) + (2 + 1)
    assert "DeepGaze: maps of another program" in words
    assert "DeepGaze: There is no map of this sample in “deepgaze”." in words
    assert "000000000001_0" in words.partition("left out")[2]
    before, _, after = words.partition("All are shown.")
    assert "1 of 3 samples have no map by DeepGaze" in before
    assert "DeepGaze: Sample “000000000002_0”: The map has at most 256" in before
    assert "DeepGaze: The map has at most 256" in after  # and with the sample itself


def test_samples_left_out_are_listed_and_do_not_stop_the_rest(compared):
    *_, view = evaluated(compared, ["reader", "DeepGaze"])
    assert [(entry["stem"], entry["models"]) for entry in view["left_out"]] == [
        ("000000000001_0", ""),
        ("000000000003_0", "DeepGaze"),
    ]
    assert "cannot be read as a picture" in view["left_out"][0]["why"]
    coverage, coarse = view["notices"]
    assert coverage == "1 of 3 samples have no map by DeepGaze; the first is “000000000003_0”."
    assert coarse.startswith("DeepGaze: Sample “000000000002_0”: The map has at most 256")
    with pytest.raises(DatasetError, match="cannot be read as a picture"):
        present_sample(compared, "000000000001_0")


def test_a_sample_reports_how_its_files_were_read(study):
    stem = "000000000002_1"
    points = np.zeros((HEIGHT // 2, WIDTH // 2), dtype=np.uint8)
    points[[5, 10, 20], [7, 30, 40]] = 255
    Image.fromarray(points).save(study.samples[stem].fixation_path)
    assert any("45 x 30, the picture 90 x 60" in notice for notice in present_sample(study, stem)["notices"])
