"""``saliency score``: the metrics of one map against one recording."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer import BadParameter
from typer.testing import CliRunner

from saliency.cli import app
from saliency.cli.gaze_options import gaze_options
from saliency.gaze import GazeOptions, Screen, Shown, Units
from saliency.predictor import Predictor
from tests.samples import HEIGHT, WIDTH

ROWS, COLUMNS = np.mgrid[:HEIGHT, :WIDTH]
BLOB = np.exp(-((ROWS - 30) ** 2 + (COLUMNS - 45) ** 2) / 200)
POINTS = [(45, 30), (46, 31), (10, 50)]  # x, y


@pytest.fixture(autouse=True)
def models(miniatures, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def fixations(tmp_path) -> Path:
    path = tmp_path / "gaze.csv"
    path.write_text("x,y\n" + "".join(f"{x},{y}\n" for x, y in POINTS))
    return path


@pytest.fixture
def blob(tmp_path) -> Path:
    path = tmp_path / "blob.npy"
    np.save(path, BLOB)
    return path


def score(*arguments) -> Result:
    result = CliRunner().invoke(app, ["score", *map(str, arguments)])
    assert "Traceback" not in result.output
    return result


def nss(values: np.ndarray) -> float:
    """By the definition."""
    return float(np.mean([(values[y, x] - values.mean()) / values.std() for x, y in POINTS]))


def cells(result: Result, name: str) -> dict[str, str]:
    lines = [line.split() for line in result.stdout.splitlines()]
    header = next(line for line in lines if "NSS" in line)
    return dict(zip(header, next(line for line in lines if line and line[0] == name)[1:], strict=True))


@pytest.mark.parametrize("how", ["as the argument", "as an option", "beside a picture"])
def test_a_map_against_a_recording(picture, blob, fixations, how):
    arguments = {
        "as the argument": [blob],
        "as an option": ["--map", blob],
        "beside a picture": [picture, "--map", blob],
    }[how]
    result = score(*arguments, "--fixations", fixations)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("3 fixations of 1 person, pixels.")
    assert cells(result, "blob") == {"NSS": f"{nss(BLOB):.3f}", "AUC": cells(result, "blob")["AUC"]}
    assert not {"reader", "blind"} & set(result.stdout.split())


def test_models_predict_the_picture_after_the_sentence(picture, blob, fixations, tmp_path, miniatures):
    file = tmp_path / "deep" / "out.json"
    arguments = ["--map", blob, "--model", "reader", "--model", "blind", "--sentence", "a dog", "--json", file]
    result = score(picture, "--fixations", fixations, *arguments)
    assert result.exit_code == 0, result.output
    predictor = Predictor(["reader"], checkpoint_dir=miniatures)
    [prediction] = predictor.predict(picture, {"whole": "a dog"}).predictions
    assert cells(result, "reader")["NSS"] == f"{nss(prediction.density):.3f}"
    record = json.loads(file.read_text())
    assert [row["model"] for row in record["rows"]] == ["reader", "blind", "blob"]
    assert record["rows"][2]["metrics"]["NSS"] == pytest.approx(nss(BLOB), abs=1e-9)
    assert record["recording"]["fixations"] == 3
    assert (record["picture"], record["sentence"]) == ("picture.png", "a dog")


def test_all_models_predict_a_picture_alone(picture, fixations):
    result = score(picture, "--fixations", fixations)
    assert {"reader", "padder", "blind"} <= set(result.stdout.split())


def test_a_density_map_is_compared_at_the_pictures_size(picture, blob, tmp_path):
    small = BLOB.reshape(HEIGHT // 2, 2, WIDTH // 2, 2).mean(axis=(1, 3))
    np.save(tmp_path / "density.npy", small)
    result = score(picture, "--map", blob, "--density", tmp_path / "density.npy")
    assert result.exit_code == 0, result.output
    shown = result.stdout.split()
    assert shown[:3] == ["CC", "SIM", "KL"]
    assert float(shown[4]) == pytest.approx(1, abs=2e-3)


def test_a_map_of_other_proportions_is_refused_with_its_name(picture, fixations, tmp_path):
    np.save(tmp_path / "square.npy", np.ones((40, 40)))
    result = score(picture, "--map", tmp_path / "square.npy", "--fixations", fixations)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "“square.npy” cannot be used" in result.stderr
    assert "40 x 40, the picture 90 x 60" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{picture}"], "Say where people looked"),
        (["--fixations", "{fixations}"], "Give a picture for the models to predict, or a map"),
        (["{blob}", "--fixations", "{fixations}", "--model", "reader"], "Give a picture for the models to predict"),
        (["{picture}", "--fixations", "{fixations}", "--shown", "fitted"], "need --screen"),
        (["{picture}", "--fixations", "{fixations}", "--screen", "large"], "such as 1920x1080, not “large”"),
        (["{picture}", "--fixations", "{fixations}", "--units", "miles"], "miles"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(picture, blob, fixations, arguments, sentence):
    result = score(*(text.format(picture=picture, blob=blob, fixations=fixations) for text in arguments))
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in " ".join(result.stderr.replace("│", " ").split())


def test_options_of_the_command_line_are_those_of_the_reader():
    assert gaze_options() == GazeOptions()
    assert gaze_options(screen="1920x1080", shown=Shown.FITTED).screen == Screen(1920, 1080, Shown.FITTED)
    assert gaze_options(screen="1920X1080").screen == Screen(1920, 1080, Shown.CENTRED)
    assert gaze_options(screen="800x600", place="80,60.5").screen == Screen(800, 600, Shown.AT, 80, 60.5)
    options = gaze_options(units=Units.SHARES, drop_zeros=True, picture="p1.jpg", log=True)
    assert options == GazeOptions(Units.SHARES, None, "p1.jpg", True, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"place": "1,2"},
        {"screen": "0x5"},
        {"screen": "8x8", "place": "1"},
        {"screen": "8x8", "shown": Shown.AT},
        {"screen": "8x8", "place": "1,2", "shown": Shown.FITTED},
    ],
)
def test_options_that_do_not_go_together_are_refused(wrong):
    with pytest.raises(BadParameter):
        gaze_options(**wrong)


@pytest.mark.parametrize(("written", "row"), [("share", 72), ("shares", 72), ("share-from-below", 28)])
def test_shares_are_converted_where_the_user_says_so(tmp_path, written, row):
    """The point (0.31, 0.72) of a picture of 100 x 100, where the map has its peak."""
    rows, columns = np.mgrid[:100, :100]
    values = np.exp(-((rows - row) ** 2 + (columns - 31) ** 2) / 200)
    np.save(tmp_path / "map.npy", values)
    (tmp_path / "gaze.csv").write_text("x,y\n0.31,0.72\n0.31,0.72\n")
    result = score(tmp_path / "map.npy", "--fixations", tmp_path / "gaze.csv", "--units", written)
    assert result.exit_code == 0, result.output
    assert cells(result, "map")["NSS"] == f"{(1 - values.mean()) / values.std():.3f}"
