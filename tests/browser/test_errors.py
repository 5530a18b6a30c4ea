"""The Errors tab as a person uses it, on a made-up data set and on a table of two thousand samples."""

from __future__ import annotations

import csv
import os
import re
import threading
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from saliency import analysis
from saliency.data import ObjectDataset
from saliency.data.layouts import open_data_set
from saliency.external_maps import ExternalMaps
from saliency.metrics.bootstrap import mean_interval, resamples
from saliency.predictor import Predictor
from saliency.ui import build
from saliency.ui.errors.thumbnails import Thumbnails
from saliency.ui.shared.component import Component, shared_script, source
from saliency.ui.shared.presentation import packed, packed_density, picture_view
from tests.browser.alone import alone
from tests.browser.conftest import PATIENCE, visiting
from tests.samples import HEIGHT, SENTENCES, WIDTH, write_data_set
from tests.ui.serving import serving

pytestmark = pytest.mark.browser

A4 = {"as the report asks": 1031, "upright": 703}  # CSS pixels between margins of 12 mm
# What a printer would cut off: it cannot scroll sideways.
CUT = """() => [...document.querySelectorAll("body *")]
    .filter(part => part.getBoundingClientRect().right > innerWidth
        || part.clientWidth > 0 && part.scrollWidth > part.clientWidth + 1)
    .map(part => part.outerHTML.slice(0, 80))"""
MARKUP = "a <img src=x onerror=\"document.title='broken in'\"> tree"


@pytest.fixture(scope="module")
def study_address(tmp_path_factory):
    """The app with a data set of two pictures, and one quick model that reads and one that does not."""
    folder = tmp_path_factory.mktemp("errors")
    before = os.environ.get("SALIENCY_CACHE")
    os.environ["SALIENCY_CACHE"] = str(folder / "cache")
    data = open_data_set(write_data_set(folder / "gaze", 2, SENTENCES | {"_2": MARKUP}))
    with serving(lambda: build(Predictor(["clip_salgan", "transalnet"]), data)) as address:
        yield address
    os.environ.pop("SALIENCY_CACHE")
    if before is not None:
        os.environ["SALIENCY_CACHE"] = before


def opened(browser, address):
    """The Errors tab in a fresh window; ends with an error where the console has one or a request goes elsewhere."""
    with visiting(browser, address) as visit:
        page = visit()
        page.get_by_role("tab", name="Errors").click()
        yield page


@pytest.fixture
def study(browser, study_address):
    yield from opened(browser, study_address)


def write_folders_of_pictures(root: Path) -> Path:
    """As CAT2000: two folders with two pictures each, of the same names, and their maps and fixations."""
    generator = np.random.default_rng(0)
    for folder in ("Action", "Social"):
        for kind in ("images", "maps", "fixations"):
            (root / kind / folder).mkdir(parents=True)
        for name in ("001.png", "002.png"):
            pixels = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
            points = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
            points[generator.integers(HEIGHT, size=9), generator.integers(WIDTH, size=9)] = 255
            Image.fromarray(pixels).save(root / "images" / folder / name)
            Image.fromarray(pixels[..., 0]).save(root / "maps" / folder / name)
            Image.fromarray(points).save(root / "fixations" / folder / name)
    return root


def rows(page: Page):
    return page.locator("#errors .samples tbody tr")


def test_without_a_data_set_the_tab_says_how_a_host_gives_one(page):
    page.get_by_role("tab", name="Errors").click()
    expect(page.get_by_text("make app DATA=FOLDER", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Evaluate")).to_have_count(0)


def test_evaluate_sort_open_and_export(study, tmp_path):
    study.get_by_role("button", name="Evaluate").click()
    expect(rows(study)).to_have_count(8)
    expect(study.get_by_text("8 of 8 scored")).to_have_count(2)
    study.get_by_role("button", name="Worst non-salient first").click()
    expect(rows(study)).to_have_count(2)
    means = [float(text.replace("−", "-")) for text in rows(study).locator("td:last-child").all_inner_texts()]
    assert means == sorted(means)
    assert study.locator("#errors").get_by_text(MARKUP, exact=True).count() == 2

    rows(study).locator("button").first.click()
    maps = study.locator("#sample").get_by_role("img")
    expect(maps).to_have_count(4)  # the picture, the truth, two models
    expect(study.locator("#sample").get_by_text("9 fixations")).to_be_visible()
    assert study.locator("#sample img, #errors img:not([data-picture])").count() == 0
    assert study.title() == "Text-guided visual attention"

    with study.expect_download() as download:
        study.get_by_role("button", name="Selection as CSV").click()
    download.value.save_as(tmp_path / "selection.csv")
    with open(tmp_path / "selection.csv", newline="", encoding="utf-8") as file:
        exported = list(csv.DictReader(file))
    assert [(row["model"], row["sentence"]) for row in exported] == [
        ("clip_salgan", MARKUP),
        ("transalnet", MARKUP),
    ] * 2
    assert all(-1 <= float(row["CC"]) <= 1 for row in exported)

    with study.expect_download() as download:
        study.get_by_role("button", name="Report with pictures").click()
    assert download.value.suggested_filename == "saliency-errors.html"
    download.value.save_as(tmp_path / "report.html")
    report = study.context.browser.new_page()
    report.goto((tmp_path / "report.html").as_uri())
    expect(report.get_by_role("article")).to_have_count(2)
    assert report.get_by_role("img").count() == 8
    assert report.evaluate("[...document.images].every(image => image.naturalWidth > 0)")
    report.emulate_media(media="print")
    for turned, width in A4.items():
        report.set_viewport_size({"width": width, "height": 1000})
        assert report.evaluate(CUT) == [], turned
    report.close()


def test_other_programs_maps_stand_beside_the_models_and_damaged_samples_are_listed(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    data = open_data_set(write_data_set(tmp_path / "gaze", 3, {"_0": ""}))
    (tmp_path / "maps").mkdir()
    for sample in data.samples:
        eight = np.tile(np.arange(WIDTH, dtype=np.uint8), (HEIGHT, 1))
        Image.fromarray(eight).save(tmp_path / "maps" / f"{sample.stem}.png")
    data.samples[0].image_path.write_bytes(b"\x89PNG\r\n\x1a\n cut")
    maps = [ExternalMaps("DeepGaze", tmp_path / "maps", data.samples)]
    with serving(lambda: build(Predictor(["transalnet"]), data, maps)) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            expect(rows(page)).to_have_count(2)
            expect(page.get_by_text("2 of 3 scored")).to_have_count(2)
            left_out = page.locator("#errors .left-out")
            expect(left_out.locator("summary")).to_have_text("1 sample was left out")
            expect(left_out.get_by_role("listitem")).to_contain_text("000000000001_0")
            expect(page.locator("#errors .notices")).to_contain_text(
                "DeepGaze: 2 samples (000000000002_0, 000000000003_0): The map has at most 256"
            )
            expect(page.get_by_role("combobox", name="Upwards")).to_have_value("DeepGaze")
            shown = page.locator("#errors .plane canvas").get_attribute("aria-label")
            assert "of DeepGaze upwards" in shown
            assert "of 2 samples" in shown

            rows(page).locator("button").first.click()
            frames = page.locator("#sample figure strong")
            expect(frames).to_have_text(["Picture", "Where people looked", "TranSalNet", "DeepGaze"])
            expect(page.locator("#sample .notices")).to_contain_text("DeepGaze: The map has at most 256")

            with page.expect_download() as download:
                page.get_by_role("button", name="Selection as CSV").click()
            with open(download.value.path(), newline="", encoding="utf-8") as file:
                exported = list(csv.DictReader(file))
            assert [row["model"] for row in exported] == ["transalnet", "DeepGaze"] * 2


def test_a_data_set_of_objects_is_scored_against_its_masks(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    generator = np.random.default_rng(0)
    for folder in ("images", "masks"):
        (tmp_path / "objects" / folder).mkdir(parents=True)
    for name in "abc":
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        mask[20:40, 30:60] = 255
        pixels = generator.integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "objects" / "images" / f"{name}.png")
        Image.fromarray(mask).save(tmp_path / "objects" / "masks" / f"{name}.png")
    data = ObjectDataset(tmp_path / "objects")
    with serving(lambda: build(Predictor(["clip_salgan", "transalnet"]), data)) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            expect(rows(page)).to_have_count(3)
            expect(page.get_by_role("combobox", name="Metric")).to_have_value("MAE")
            expect(page.locator("#errors .about-metric")).to_contain_text("Mean absolute error")
            page.get_by_role("combobox", name="Metric").select_option("S")
            expect(page.locator("#errors .about-metric")).to_contain_text("Structural likeness")
            rows(page).locator("button").first.click()
            frames = page.locator("#sample figure strong")
            expect(frames).to_have_text(["Picture", "Mask of the salient objects", "CLIP-SalGAN", "TranSalNet"])
            expect(page.locator("#sample")).not_to_contain_text("fixations in the data set")
            expect(page.get_by_role("checkbox", name="Fixations on every map")).to_be_disabled()
            with page.expect_download() as download:
                page.get_by_role("button", name="Selection as CSV").click()
            with open(download.value.path(), newline="", encoding="utf-8") as file:
                exported = list(csv.DictReader(file))
            assert {"MAE", "meanF", "S"} <= set(exported[0])


class Scoring:
    """The scoring of an analysis, counted, and stopped in the middle of a sample until the test lets it go on."""

    def __init__(self, stop_at: int):
        self.stems: list[str] = []
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._score, self._stop_at = analysis.score, stop_at

    def __call__(self, density, sample, pool):
        self.stems.append(sample.stem)
        if len(self.stems) == self._stop_at:
            self.reached.set()
            assert self.go_on.wait(PATIENCE / 1000)
        return self._score(density, sample, pool)


def test_a_cancelled_evaluation_resumes_from_its_stored_scores(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    scoring = Scoring(stop_at=6)
    monkeypatch.setattr(analysis, "score", scoring)
    data = open_data_set(write_data_set(tmp_path / "gaze", 3))

    def stored() -> int:
        return sum(len(file.read_bytes().splitlines()) for file in (tmp_path / "cache").rglob("*.jsonl"))

    with serving(lambda: build(Predictor(["transalnet"]), data)) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            assert scoring.reached.wait(PATIENCE / 1000)
            expect(page.get_by_role("button", name="Evaluate")).to_be_disabled()
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_text("5 of 12 scored")).to_be_visible(timeout=PATIENCE / 2)  # while one is in work
            expect(rows(page)).to_have_count(5)
            expect(page.get_by_role("button", name="Evaluate")).to_be_enabled()
            expect(page.locator("#errors .progress")).to_be_hidden()

            scoring.go_on.set()  # the sample that was in work is finished, and none after it is begun
            page.wait_for_timeout(2000)
            assert len(scoring.stems) == stored() == 6

            page.get_by_role("button", name="Evaluate").click()
            expect(page.get_by_text("12 of 12 scored")).to_be_visible()
            expect(rows(page)).to_have_count(12)
            assert sorted(scoring.stems) == sorted(sample.stem for sample in data.samples)
            assert stored() == 12


def test_an_evaluation_begun_again_while_the_cancelled_one_is_at_work_goes_on(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    scoring = Scoring(stop_at=3)
    monkeypatch.setattr(analysis, "score", scoring)
    data = open_data_set(write_data_set(tmp_path / "gaze", 1))
    with serving(lambda: build(Predictor(["transalnet"]), data)) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            assert scoring.reached.wait(PATIENCE / 1000)
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_role("button", name="Evaluate")).to_be_enabled()
            page.get_by_role("button", name="Evaluate").click()
            expect(page.get_by_role("button", name="Evaluate")).to_be_disabled()
            assert not scoring.go_on.is_set()
            scoring.go_on.set()
            expect(page.get_by_text("4 of 4 scored")).to_be_visible()
            assert sorted(scoring.stems) == sorted(sample.stem for sample in data.samples)


def test_a_model_is_not_drawn_against_itself_after_a_cancelled_evaluation(browser, tmp_path, monkeypatch):
    """The second model has its first scores only when the axes have long been chosen."""
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    scoring = Scoring(stop_at=6)
    monkeypatch.setattr(analysis, "score", scoring)
    data = open_data_set(write_data_set(tmp_path / "gaze", 2))
    with serving(lambda: build(Predictor(["clip_salgan", "transalnet"]), data)) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            assert scoring.reached.wait(PATIENCE / 1000)
            page.get_by_role("button", name="Cancel").click()
            expect(page.get_by_text("5 of 8 scored")).to_be_visible()
            expect(page.locator("#errors .pairs")).to_be_hidden()
            scoring.go_on.set()
            page.get_by_role("button", name="Evaluate").click()
            expect(page.get_by_text("8 of 8 scored")).to_have_count(2)
            across, up = (page.get_by_role("combobox", name=name) for name in ("Across", "Upwards"))
            assert (across.input_value(), up.input_value()) == ("clip_salgan", "transalnet")
            up.select_option("clip_salgan")  # they change places
            assert (across.input_value(), up.input_value()) == ("transalnet", "clip_salgan")
            label = page.locator("#errors .plane canvas").get_attribute("aria-label")
            assert "of TranSalNet across" in label


def test_a_sample_has_an_address_and_back_returns_to_its_row(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    folder = write_folders_of_pictures(tmp_path / "cat")
    with serving(lambda: build(Predictor(["transalnet"]), open_data_set(folder))) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            expect(rows(page)).to_have_count(4)
            sample, title = page.locator("#sample .result"), page.locator("#sample h2")
            page.get_by_role("button", name="Action/001").click()
            expect(title).to_have_text("Action/001 · Pure")
            assert page.evaluate("location.hash") == "#tab=errors&sample=Action%2F001"
            page.get_by_role("button", name="Social/002").click()
            expect(title).to_have_text("Social/002 · Pure")
            page.go_back()
            expect(title).to_have_text("Action/001 · Pure")
            page.go_back()
            expect(sample).to_be_hidden()
            expect(page.locator("#errors [data-stem='Action/001']")).to_be_focused()
            assert page.evaluate("location.hash") == "#tab=errors"
            page.go_forward()
            expect(title).to_have_text("Action/001 · Pure")
            expect(sample).to_be_visible()
            page.reload()
            expect(title).to_have_text("Action/001 · Pure")
            page.evaluate("location.hash = 'tab=errors&sample=Social/001'")
            expect(title).to_have_text("Social/001 · Pure")
            page.evaluate("location.hash = 'tab=errors&sample=Nothing'")
            expect(page.get_by_text("There is no such sample in this data set.")).to_be_visible()


def test_rows_have_small_pictures_that_are_made_once(browser, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    made, make = [], Thumbnails._make
    monkeypatch.setattr(Thumbnails, "_make", lambda self, stem: made.append(stem) or make(self, stem))
    data = open_data_set(write_data_set(tmp_path / "gaze", 3))
    with serving(lambda: build(Predictor(["transalnet"]), data)) as address:
        for page in opened(browser, address):
            page.get_by_role("button", name="Evaluate").click()
            expect(rows(page)).to_have_count(12)
            small = page.locator("#errors .samples img[src]")
            expect(small).to_have_count(12)
            page.wait_for_function(
                "[...document.querySelectorAll('#errors .samples img')].every(i => i.naturalWidth == 90)"
            )
            page.get_by_role("searchbox").fill("dog")
            expect(rows(page)).to_have_count(6)
            expect(small).to_have_count(6)
            assert sorted(stem[:12] for stem in made) == ["000000000001", "000000000002", "000000000003"]


@pytest.fixture
def two_thousand(monkeypatch):
    """An overview of 2,000 samples and three models in place of the engine's, and their table."""
    generator = np.random.default_rng(0)
    count, metrics = 2000, ("CC", "SIM", "KL", "NSS", "AUC")
    models = ("one", "two", "three")
    conditions = ("pure", "general", "salient", "non_salient")
    view = {
        "data": {"name": "made up", "split": None, "samples": count, "pictures": 500},
        "models": [{"name": name, "title": name, "scored": count} for name in models],
        "conditions": list(conditions),
        "metrics": [{"name": name, "lower": name == "KL"} for name in metrics],
        "samples": {
            "stem": [f"s{i}" for i in range(count)],
            "picture": [f"p{i // 4}" for i in range(count)],
            "condition": [conditions[i % 4] for i in range(count)],
            "sentence": ["a dog" if i % 10 else "a red kite" for i in range(count)],
        },
        "scores": {name: {metric: generator.random(count).tolist() for metric in metrics} for name in models},
        "means": [],
        "left_out": [],
        "notices": [],
    }
    samples = pd.DataFrame(view["samples"])
    parts = [samples.assign(model=name, **view["scores"][name]) for name in models]
    monkeypatch.setattr(analysis.ErrorAnalysis, "table", lambda _: pd.concat(parts, ignore_index=True).assign(sAUC=0.5))
    monkeypatch.setattr("saliency.ui.errors.errors_tab.present_overview", lambda _: view)
    return view


def test_no_report_is_asked_for_while_an_evaluation_runs(two_thousand, browser, tmp_path):
    view = Component("error_view", scripts=("error_charts",))
    with alone(browser, view, given=True) as page:
        page.evaluate("view => send(view)", two_thousand)
        report = page.get_by_role("button", name="Report with pictures")
        expect(report).to_be_enabled()
        page.evaluate("send({ progress: { task: 'evaluate', title: 'one', done: 1, total: 9 } })")
        page.get_by_role("button", name="Next").click()
        expect(page.get_by_text("Page 2 of 80")).to_be_visible()
        expect(report).to_be_disabled()
        with page.expect_download() as download:
            page.get_by_role("button", name="Selection as CSV").click()
        assert len(Path(download.value.path()).read_text().splitlines()) == 1 + 3 * 2000
        page.evaluate("view => send(view)", two_thousand)
        expect(report).to_be_enabled()
        page.get_by_role("searchbox").fill("nothing has these words")
        expect(report).to_be_disabled()


def test_the_first_metric_shown_is_one_that_has_values(two_thousand, browser):
    for scores in two_thousand["scores"].values():
        scores.update(dict.fromkeys(("CC", "SIM", "KL"), [None] * 2000))  # a data set without maps
    with alone(browser, Component("error_view", scripts=("error_charts",)), given=True) as page:
        page.evaluate("view => send(view)", two_thousand)
        expect(page.get_by_role("combobox", name="Metric")).to_have_value("NSS")
        page.get_by_role("combobox", name="Metric").select_option("CC")
        page.evaluate("view => send(view)", two_thousand)
        expect(page.get_by_role("combobox", name="Metric")).to_have_value("CC")


@pytest.mark.parametrize(
    ("values", "ends"),
    [([[None], [None, None]], [0, 1]), ([], [0, 1]), ([[3], [None]], [2.5, 3.5]), ([[3, 1]], [1, 3])],
)
def test_an_axis_has_ends_whatever_is_defined(browser, values, ends):
    page = browser.new_page()
    prepared = f"const element = document.body; {shared_script()} {source('error_charts.js')}"
    assert page.evaluate(f"(lists) => {{ {prepared} return axisEnds(lists); }}", values) == ends
    page.close()


# Decoding takes longest for the first map.
SLOW = """() => {
    const decode = Image.prototype.decode;
    let first = true;
    Image.prototype.decode = async function () {
        const wait = first ? 500 : 0;
        first = false;
        await decode.call(this);
        await new Promise((resolve) => setTimeout(resolve, wait));
    };
}"""


def test_a_word_that_is_no_longer_pressed_is_not_drawn(browser):
    red, cup, both = np.random.default_rng(0).random((3, 12, 16), dtype=np.float32)
    words = [("red", 0, 3, packed(red)), ("cup", 4, 7, packed(cup))]
    model = {
        "title": "Reader",
        "map": packed_density(both),
        "scores": {"NSS": 1.0},
        "words": [{"word": word, "start": a, "end": b, "weight": 0.5, "map": made} for word, a, b, made in words],
    }
    view = {
        "stem": "s1",
        "condition": "salient",
        "sentence": "red cup",
        "picture": picture_view(np.zeros((12, 16, 3), np.uint8)),
        "truth": None,
        "fixations": None,
        "metrics": ["NSS"],
        "notices": [],
        "models": [model],
    }
    with alone(browser, Component("sample_view")) as page:
        page.evaluate("view => send(view)", view)
        expect(page.get_by_role("img")).to_have_count(2)
        page.evaluate(SLOW)
        page.evaluate("document.querySelectorAll('.words button').forEach(button => button.click())")
        page.wait_for_timeout(1000)
        expect(page.get_by_role("button", name="cup")).to_have_attribute("aria-pressed", "true")
        expect(page.get_by_role("img").last).to_have_attribute("aria-label", re.compile("cup"))


@pytest.fixture
def held(two_thousand, monkeypatch):
    """Keeps the overview back until it is set."""
    event = threading.Event()
    late = "saliency.ui.errors.errors_tab.present_overview"
    monkeypatch.setattr(late, lambda _: event.wait(PATIENCE / 1000) and two_thousand)
    yield event
    event.set()


def test_until_the_scores_arrive_the_tab_says_what_it_waits_for(held, study):
    waiting = study.get_by_text("Reading what has been scored so far")
    expect(waiting).to_be_visible()
    held.set()
    expect(rows(study)).to_have_count(25)
    expect(waiting).to_have_count(0)


def test_how_far_a_report_is_and_cancel_stay_in_sight_at_the_table(two_thousand, study, monkeypatch):
    done = threading.Event()

    def slow(*_):
        yield 1, 9
        done.wait(PATIENCE / 1000)
        yield 2, 9

    monkeypatch.setattr("saliency.ui.errors.errors_tab.write_report", slow)
    expect(rows(study)).to_have_count(25)
    report = study.get_by_role("button", name="Report with pictures")
    report.scroll_into_view_if_needed()
    rows(study).last.scroll_into_view_if_needed()
    report.evaluate("button => button.click()")  # from where one is: Playwright would scroll
    reported = study.get_by_text("Report: 1 of 9 samples")
    expect(reported).to_be_in_viewport(ratio=1)
    cancel = study.locator("#errors [name=cancel]")
    expect(cancel).to_be_in_viewport(ratio=1)
    cancel.click()
    done.set()
    expect(reported).to_be_hidden()


def numbers(cells) -> list[list[float]]:
    """Mean and the ends of its interval of each cell."""
    found = [re.fullmatch(r"(\S+) \[(\S+), (\S+)\]", reported.strip()) for reported in cells.all_inner_texts()]
    return [[float(number.replace("−", "-")) for number in match.groups()] for match in found]


def three(interval) -> list[float]:
    return [interval.mean, interval.low, interval.high]


def test_two_thousand_samples_are_sorted_and_filtered_in_a_small_page(two_thousand, study):
    expect(study.get_by_text("2000 of 2000 samples")).to_be_visible()
    requests = []
    study.on("request", lambda request: requests.append(request.url))
    expect(rows(study)).to_have_count(25)
    expect(study.get_by_text("Page 1 of 80")).to_be_visible()
    assert study.locator("#errors *").count() < 1200

    study.get_by_role("columnheader", name="two").get_by_role("button").click()
    lowest = sorted(two_thousand["scores"]["two"]["CC"])[:25]
    shown = [float(text) for text in rows(study).locator("td:nth-child(5)").all_inner_texts()]
    assert shown == pytest.approx(lowest, abs=6e-4)

    study.get_by_role("searchbox", name="Words in the sentence").fill("KITE red")
    expect(study.get_by_text("200 of 2000 samples")).to_be_visible()
    chosen = study.locator("#errors .means tr", has_text="Your selection (200)").locator("td")
    expect(chosen.first).to_contain_text("[")
    scores = {name: np.array(two_thousand["scores"][name]["CC"]) for name in ("one", "two", "three")}
    draws = resamples(200)  # two pictures in four have a sample with the word, and no picture has two
    for reported, values in zip(numbers(chosen), scores.values(), strict=True):
        assert reported == pytest.approx(three(mean_interval(values[None, ::10], draws)), abs=6e-4)
    gaps = scores["one"] - scores["two"]
    paired = study.locator("#errors .differences tr")
    expect(paired.first).to_have_text("Sentenceone − two")
    [reported] = numbers(paired.filter(has_text="Your selection (200)").locator("td"))
    assert reported == pytest.approx(three(mean_interval(gaps[None, ::10], draws)), abs=6e-4)
    [reported] = numbers(paired.filter(has_text="Mean of the conditions").locator("td"))
    assert reported == pytest.approx(three(mean_interval(gaps.reshape(500, 4).T, resamples(500))), abs=6e-4)
    study.get_by_role("combobox", name="Metric").select_option("KL")
    study.get_by_role("button", name="Worst non-salient first").click()
    # Every tenth sample is even, and those that are non-salient are odd.
    expect(study.get_by_text("0 of 2000 samples", exact=True)).to_be_visible()
    study.get_by_role("searchbox", name="Words in the sentence").fill("")
    expect(study.get_by_text("500 of 2000 samples")).to_be_visible()
    shown = [float(text) for text in rows(study).locator("td:last-child").all_inner_texts()]
    assert shown == sorted(shown, reverse=True)
    assert len([url for url in requests if "queue/join" in url]) < 12  # of intervals and thumbnails, after pauses
