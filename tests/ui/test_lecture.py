"""The lecture: its steps can be shown, and the shipped models show what its texts say."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qsl

import numpy as np
import pytest

from saliency import ui
from saliency.conditions import Condition
from saliency.imaging import load_image
from saliency.predictor import Predictor
from saliency.ui.builder import TABS
from saliency.ui.examples import examples
from saliency.ui.lecture import steps
from saliency.ui.share import read_link
from saliency.ui.texts import LANGUAGES, section
from saliency.words import influence

STEPS = {step.name: step for step in steps()}

# Where things are in the example's picture, in shares of its sides: left, top, right, bottom.
FACE = (0.28, 0.02, 0.6, 0.4)
SUIT = (0.05, 0.45, 0.7, 1)
BADGE = (0.26, 0.66, 0.42, 0.84)
FLAG = (0, 0, 0.18, 1)


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
def test_a_step_fills_its_form_and_leaves_nothing_as_a_visitor_had_it(step):
    predictor = Predictor()
    written = dict(parse_qsl(step.link, keep_blank_values=True))
    read = read_link(step.link, predictor.models)
    assert set(written["models"].split()) == set(read["models"])
    assert read["example"] in {example.title for example in examples()}
    for name in ("general", "salient", "non_salient", "sentence"):
        assert read[name] == written[name]
    assert step.tab == "compare" or read["sentence"]

    controls = Controls()
    controls.feed((Path(ui.__file__).parent / "map_grid.html").read_text(encoding="utf-8").split('class="enlarged"')[0])
    assert controls.values.keys() == written.keys() & controls.values.keys()
    for name, values in controls.values.items():
        assert written[name] in values if values else 0 <= int(written[name]) <= 100


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor(["tranblend", "transalnet"])


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return load_image(next(example.picture for example in examples() if example.title == "Astronaut"))


@pytest.fixture(scope="module")
def seen(predictor, picture):
    """(model, name of a step) -> density that the model predicts for the step's own sentence."""
    densities = {}
    for name, step in STEPS.items():
        fields = dict(parse_qsl(step.link, keep_blank_values=True))
        condition = Condition.GENERAL if step.tab != "compare" else Condition(name)
        sentence = fields["sentence"] or fields.get(name, "")
        for prediction in predictor.predict(
            picture, {condition: sentence}, models=fields["models"].split()
        ).predictions:
            densities[prediction.model, name] = prediction.density
    bare = predictor.predict(picture, models=["transalnet"]).predictions[0]
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


def test_without_a_sentence_half_of_the_gaze_is_on_less_than_a_tenth_and_the_face_comes_first(seen):
    pure = seen["tranblend", "pure"]
    assert peaks_in(pure, FACE)
    assert smallest_region(pure, 0.5).mean() < 0.1


@pytest.mark.parametrize("name", ["general", "salient"])
def test_sentences_about_the_scene_or_what_stands_out_change_little(seen, name):
    pure, after = seen["tranblend", "pure"], seen["tranblend", name]
    assert np.corrcoef(pure.ravel(), after.ravel())[0, 1] > 0.9
    assert peaks_in(after, FACE)


def test_the_smallest_line_still_surrounds_the_face_after_a_sentence_about_it(seen):
    core = smallest_region(seen["tranblend", "salient"], 0.25)
    assert inside(core.astype(float), FACE) > 0.9


def test_a_sentence_about_a_detail_moves_gaze_from_the_face_to_the_suit(seen):
    pure, after = seen["tranblend", "pure"], seen["tranblend", "non_salient"]
    assert inside(after, FACE) < inside(pure, FACE) / 2
    assert inside(after, SUIT) > 0.5 > inside(pure, SUIT)
    least = 2 * max(gone_elsewhere(seen["tranblend", name], pure) for name in ("general", "salient"))
    assert gone_elsewhere(after, pure) > least


def test_the_word_that_moves_most_points_at_the_badge(predictor, picture):
    sentence = dict(parse_qsl(STEPS["words"].link))["sentence"]
    strength = {each.word: each.strength for each in influence(predictor, picture, sentence, "tranblend")}
    others = [value for word, value in strength.items() if word != "badge"]
    assert strength["badge"] > 3 * max(others)  # the Words tab opens on it
    assert max(strength["is"], strength["a"]) < 0.03
    told = predictor.predict(picture, {Condition.GENERAL: sentence}, models=["tranblend"], words=True).predictions[0]
    words = {word.word: word for word in told.words}
    assert peaks_in(words["badge"].working_map, BADGE)


def test_one_model_stays_with_the_face_the_other_leaves_it_and_neither_finds_the_flag(seen):
    assert np.array_equal(seen["transalnet", "gaze"], seen["transalnet", "pure"])
    assert peaks_in(seen["transalnet", "gaze"], FACE)
    assert inside(seen["tranblend", "gaze"], FACE) < inside(seen["tranblend", "pure"], FACE) / 2
    assert max(inside(seen[model, "gaze"], FLAG) for model in ("tranblend", "transalnet")) < 0.1
