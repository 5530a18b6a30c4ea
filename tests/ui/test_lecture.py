"""The lecture: its steps can be shown, and the shipped models show what its texts say."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import parse_qsl

import numpy as np
import pytest

from saliency.conditions import Condition
from saliency.imaging import load_image
from saliency.ui.builder import TABS
from saliency.ui.lecture.lecture import steps
from saliency.ui.share.share import read_link
from saliency.ui.shared.component import source
from saliency.ui.shared.examples import examples
from saliency.ui.shared.texts import LANGUAGES, section
from saliency.words import influence

STEPS = {step.name: step for step in steps()}

# Where things are in the example's picture, in shares of its sides: left, top, right, bottom.
FRONT = (0.28, 0.25, 0.56, 0.64)  # head and chest of the otter in front
BALL = (0.07, 0.02, 0.36, 0.28)
ROCK = (0, 0.6, 0.72, 0.85)
OTHER = (0, 0.42, 0.28, 0.7)  # the otter on the left


class Controls(HTMLParser):
    """Name -> values that a control of the comparison's toolbar can have; None for numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, set[str] | None] = {}
        self.selecting = self.option = None

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        if tag == "select":
            self.selecting = given["name"]
            self.values[self.selecting] = set()
        elif tag == "input":
            self.values[given["name"]] = {"0", "1"} if given["type"] == "checkbox" else None
        elif tag == "option" and self.selecting:
            self.option = given.get("value", "")

    def handle_data(self, data):
        if self.option is not None:
            self.values[self.selecting].add(self.option or data.strip())
            self.option = None

    def handle_endtag(self, tag):
        if tag == "option" and self.option:
            self.values[self.selecting].add(self.option)
            self.option = None
        elif tag == "select":
            self.selecting = None


def test_there_are_six_steps_with_texts_in_every_language_on_tabs_there_are():
    assert len(STEPS) == len(steps()) == 6
    for name, step in STEPS.items():
        assert step.tab in TABS
        for part in ("title", "text"):
            for language in LANGUAGES:
                assert section("lecture")[f"{name}_{part}"][language].strip()


@pytest.mark.parametrize("step", steps(), ids=lambda step: step.name)
def test_a_step_fills_its_form_and_leaves_nothing_as_a_visitor_had_it(step, shipped):
    written = dict(parse_qsl(step.link, keep_blank_values=True))
    read = read_link(step.link, shipped.models)
    assert set(written["models"].split()) == set(read["models"])
    assert read["example"] in {example.title for example in examples()}
    for name in ("general", "salient", "non_salient", "sentence"):
        assert read[name] == written[name]
    assert step.tab == "compare" or read["sentence"]

    controls = Controls()
    controls.feed(source("map_grid.html").split('class="enlarged"')[0])
    assert controls.values.keys() == written.keys() & controls.values.keys()
    for name, values in controls.values.items():
        assert written[name] in values if values else 0 <= int(written[name]) <= 100


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return load_image(next(example.picture for example in examples() if example.title == "Otters"))


@pytest.fixture(scope="module")
def results(shipped, picture):
    """(model, name of a step) -> density that the model predicts for the step's own sentence."""
    densities = {}
    for name, step in STEPS.items():
        fields = dict(parse_qsl(step.link, keep_blank_values=True))
        condition = Condition.GENERAL if step.tab != "compare" else Condition(name)
        sentence = fields["sentence"] or fields.get(name, "")
        for prediction in shipped.predict(picture, {condition: sentence}, models=fields["models"].split()).predictions:
            densities[prediction.model, name] = prediction.density
    bare = shipped.predict(picture, models=["transalnet"]).predictions[0]
    return densities | {("transalnet", "pure"): bare.density}


def inside(density: np.ndarray, box: tuple[float, float, float, float]) -> float:
    """Share of the gaze."""
    height, width = density.shape
    left, top, right, bottom = (round(at * side) for at, side in zip(box, (width, height) * 2, strict=True))
    return float(density[top:bottom, left:right].sum() / density.sum())


def peaks_in(density: np.ndarray, box: tuple[float, float, float, float]) -> bool:
    row, column = np.unravel_index(density.argmax(), density.shape)
    x, y = column / density.shape[1], row / density.shape[0]
    return box[0] <= x < box[2] and box[1] <= y < box[3]


def smallest_region(density: np.ndarray, share: float) -> np.ndarray:
    """Mask of the densest pixels that hold a share of the gaze."""
    falling = np.sort(density, axis=None)[::-1]
    return density >= falling[np.searchsorted(falling.cumsum(), share * falling.sum())]


def gone_elsewhere(density: np.ndarray, before: np.ndarray) -> float:
    return float(np.abs(density - before).sum() / 2)


def test_without_a_sentence_half_of_the_gaze_is_on_less_than_a_tenth_and_the_otter_comes_first(results):
    pure = results["tranblend", "pure"]
    assert peaks_in(pure, FRONT)
    assert smallest_region(pure, 0.5).mean() < 0.1


def test_a_sentence_about_the_scene_changes_little(results):
    pure, after = results["tranblend", "pure"], results["tranblend", "general"]
    assert np.corrcoef(pure.ravel(), after.ravel())[0, 1] == pytest.approx(0.9, abs=0.03)
    assert peaks_in(after, FRONT)
    assert smallest_region(after, 0.5).mean() > smallest_region(pure, 0.5).mean()  # it spreads


def test_a_sentence_about_the_ball_moves_more_than_half_of_the_gaze_and_the_smallest_line_surrounds_it(results):
    pure, after = results["tranblend", "pure"], results["tranblend", "salient"]
    assert gone_elsewhere(after, pure) > 0.5
    assert inside(smallest_region(after, 0.25).astype(float), BALL) > 0.9
    assert inside(smallest_region(pure, 0.25).astype(float), FRONT) > 0.9


def test_a_sentence_about_the_rock_moves_gaze_from_the_otter_down_to_it(results):
    pure, after = results["tranblend", "pure"], results["tranblend", "non_salient"]
    assert inside(after, FRONT) < inside(pure, FRONT) * 0.6
    assert inside(after, ROCK) > 2 * inside(pure, ROCK)
    assert peaks_in(after, ROCK)
    assert gone_elsewhere(after, pure) > 1.5 * gone_elsewhere(results["tranblend", "general"], pure)


def test_the_word_that_moves_most_points_at_the_rock(shipped, picture):
    sentence = dict(parse_qsl(STEPS["words"].link))["sentence"]
    strength = {each.word: each.strength for each in influence(shipped, picture, sentence, "tranblend")}
    others = [value for word, value in strength.items() if word != "rock"]
    assert strength["rock"] > 3 * max(others)  # the Words tab opens on it
    assert max(strength["is"], strength["a"]) < 0.05
    read = shipped.predict(picture, {Condition.GENERAL: sentence}, models=["tranblend"], words=True).predictions[0]
    words = {word.word: word for word in read.words}
    assert peaks_in(words["rock"].working_map, ROCK)


def test_both_models_stay_with_the_otter_in_front_and_neither_finds_the_other_one(results):
    assert np.array_equal(results["transalnet", "gaze"], results["transalnet", "pure"])
    for model in ("tranblend", "transalnet"):
        assert peaks_in(results[model, "gaze"], FRONT)
        assert inside(results[model, "gaze"], OTHER) < 0.2
