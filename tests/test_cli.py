"""The command line, on real files."""

import errno
import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from saliency import metrics
from saliency.cli import app
from saliency.cli.application import COMMANDS, imported
from saliency.predictor import Predictor

SENTENCES = {
    "_0": "",
    "": "A boat on a lake.",
    "_1": "A red boat and a small bird.",
    "_2": "A small bird.",
    "_3": "A red boat.",
}
SAMPLES = {
    "000000000007": ("_0", ""),
    "000000000012": ("_0", "_1", "_2", "_3"),
    "000000000031": ("_0", "_1", "_2", "_3"),
}


@pytest.fixture(autouse=True)
def checkpoint(untrained, monkeypatch, tmp_path_factory):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def picture(tmp_path) -> Path:
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 56, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture(scope="module")
def data_set(tmp_path_factory) -> Path:
    """SJTU-TIS in small: three pictures, ten samples."""
    root = tmp_path_factory.mktemp("sjtu_tis")
    for name in ("image_1800", "map_1800", "fixation_1800"):
        (root / name).mkdir()
    generator = np.random.default_rng(1)
    texts = {}
    for picture, suffixes in SAMPLES.items():
        pixels = generator.integers(0, 256, (30, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(root / "image_1800" / f"{picture}_0.png")
        for suffix in suffixes:
            density = generator.integers(0, 256, (30, 40), dtype=np.uint8)
            Image.fromarray(density).save(root / "map_1800" / f"{picture}{suffix}.png")
            fixations = np.where(generator.random((30, 40)) < 0.02, 255, 0).astype(np.uint8)
            Image.fromarray(fixations).save(root / "fixation_1800" / f"{picture}{suffix}.png")
            texts[picture.lstrip("0") + suffix] = SENTENCES[suffix]
    (root / "text.json").write_text(json.dumps(texts))
    (root / "split.json").write_text(json.dumps({"training": ["000000000007"], "validation": list(SAMPLES)[1:]}))
    return root


def run(*arguments) -> str:
    """Standard output of a command that succeeds."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def refused(*arguments) -> str:
    """The sentence on standard error of a command that does not."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == 2
    assert "Traceback" not in result.output
    assert result.stdout == ""
    return result.stderr


def test_models_lists_the_checkpoints():
    header, line, *baselines = run("models").splitlines()
    assert header.split()[0] == "name"
    assert line.split() == ["untrained", "CLIP-SalGAN", "compact", "minilm", "0.3", "M", "unknown", "-", "none"]
    assert [line.split()[0] for line in baselines] == ["centre_prior", "spectral_residual", "fine_grained"]
    assert all("no weights" in line for line in baselines)


def test_a_picture_under_three_sentences(picture, tmp_path):
    out = tmp_path / "deep" / "out"
    run("predict", picture, "--salient", "A boat", "--non-salient", "A bird", "--general", "Both", "--out", out)
    conditions = ("pure", "general", "salient", "non_salient")
    overlays = {f"untrained.{condition}.png" for condition in conditions}
    others = {f"comparison.{extension}" for extension in ("png", "npz", "csv", "json")}
    assert {path.name for path in out.iterdir()} == overlays | others
    for name in overlays:
        assert Image.open(out / name).size == (56, 40)
    record = json.loads((out / "comparison.json").read_text())
    assert [p["sentence"] for p in record["predictions"]] == ["", "Both", "A boat", "A bird"]
    assert pd.read_csv(out / "comparison.csv")["condition"].tolist() == list(conditions)
    densities = np.load(out / "comparison.npz")
    for condition in conditions:
        density = densities[f"untrained.{condition}"]
        assert density.shape == (40, 56)
        assert density.sum() == pytest.approx(1, abs=1e-5)


def test_what_should_be_known_of_a_picture_and_its_sentences_is_reported(tmp_path):
    values = np.random.default_rng(0).integers(0, 4096, (40, 56), dtype=np.uint16)
    values[0, 0] = 4095
    Image.fromarray(values).save(tmp_path / "dark.png")
    out = tmp_path / "out"
    asked = ["predict", tmp_path / "dark.png", "--salient", "狗在跑", "--general", "猫在跑", "--out", out]
    result = CliRunner().invoke(app, [str(argument) for argument in asked])
    dark, alike, *unknown = result.stderr.splitlines()
    assert "4,095 of 65,535" in dark
    assert "cannot tell the sentences for “General” and “Salient” apart" in alike
    assert unknown == [
        f"CLIP-SalGAN, {condition}: 3 of 3 words are unknown to this model." for condition in ("general", "salient")
    ]
    record = json.loads((out / "comparison.json").read_text())
    assert record["notices"] == [dark, alike]
    assert record["predictions"][0]["notices"] == []


def test_a_data_set_gives_a_map_a_sample_each_under_its_own_sentence(data_set, untrained, tmp_path):
    run("predict", data_set, "--layout", "sjtu-tis", "--model", "untrained", "--out", tmp_path)
    stems = [picture + suffix for picture, suffixes in SAMPLES.items() for suffix in suffixes]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{stem}.npy" for stem in stems)
    predictor = Predictor(["untrained"], pictures_cached=0)
    for stem, sentence in [("000000000012_2", SENTENCES["_2"]), ("000000000007", SENTENCES[""])]:
        written = np.load(tmp_path / f"{stem}.npy")
        assert written.dtype == np.float32
        alone = predictor.predict(data_set / "image_1800" / f"{stem[:12]}_0.png", {"whole": sentence})
        np.testing.assert_allclose(written, alone.predictions[0].density, rtol=1e-4)
        assert np.abs(written - np.load(tmp_path / f"{stem[:12]}_0.npy")).max() > 1e-8  # the sentence was read


def test_the_conditions_of_a_picture_are_predicted_in_one_call(data_set, tmp_path, monkeypatch):
    calls = []
    predict = Predictor.predict

    def counted(self, picture, sentences, **options):
        calls.append(len(sentences))
        return predict(self, picture, sentences, **options)

    monkeypatch.setattr(Predictor, "predict", counted)
    run("predict", data_set, "--model", "untrained", "--out", tmp_path)
    assert calls == [2, 4, 4]


def test_a_split_of_a_data_set(data_set, tmp_path):
    run("predict", data_set, "--model", "untrained", "--split", "training", "--out", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000000000007.npy", "000000000007_0.npy"]


def test_evaluate_scores_what_predict_writes(data_set, tmp_path):
    file = tmp_path / "scores.json"
    lines = run("evaluate", data_set, "--model", "untrained", "--split", "validation", "--json", file).splitlines()
    assert lines[0].split()[-7:] == ["n", "CC", "SIM", "KL", "NSS", "AUC", "sAUC"]
    rows = {line.split()[0]: line for line in lines[1:] if "[" in line}
    assert list(rows) == ["pure", "general", "non_salient", "salient", "macro"]

    scores = json.loads(file.read_text())
    assert (scores["model"], scores["split"], scores["profile"]) == ("untrained", "validation", "tuebingen")
    run("predict", data_set, "--model", "untrained", "--split", "validation", "--out", tmp_path)
    expected = []
    for picture in list(SAMPLES)[1:]:
        density = np.asarray(Image.open(data_set / "map_1800" / f"{picture}_3.png"), dtype=float)
        expected.append(np.corrcoef(np.load(tmp_path / f"{picture}_3.npy").ravel(), density.ravel())[0, 1])
    salient = scores["metrics"]["salient"]["CC"]
    assert salient["mean"] == pytest.approx(np.mean(expected), abs=1e-5)
    assert salient["n"] == 2
    assert f"{salient['mean']:.3f} [{salient['low']:.3f}, {salient['high']:.3f}]" in rows["salient"]


def test_a_baseline_is_scored_and_predicted_by_its_name(data_set, picture, tmp_path):
    file = tmp_path / "scores.json"
    run("evaluate", data_set, "--model", "spectral_residual", "--split", "validation", "--json", file)
    scores = json.loads(file.read_text())
    assert (scores["model"], scores["sha256"]) == ("spectral_residual", None)
    run("predict", data_set, "--model", "spectral_residual", "--split", "validation", "--out", tmp_path)
    expected = []
    for stem in list(SAMPLES)[1:]:
        density = np.asarray(Image.open(data_set / "map_1800" / f"{stem}_3.png"), dtype=float)
        pixels = np.asarray(Image.open(data_set / "image_1800" / f"{stem}_0.png"))
        _, found = cv2.saliency.StaticSaliencySpectralResidual_create().computeSaliency(pixels[..., ::-1])
        expected.append(np.corrcoef(found.ravel(), density.ravel())[0, 1])
    assert scores["metrics"]["salient"]["CC"]["mean"] == pytest.approx(np.mean(expected), abs=1e-5)
    run("predict", picture, "--model", "spectral_residual", "--archive", tmp_path / "it.zip", "--out", tmp_path / "one")
    assert "1 of 1 maps are the same" in run("replay", tmp_path / "it.zip")


def test_evaluate_reads_folders_and_other_profiles(data_set, tmp_path):
    (tmp_path / "images").symlink_to(data_set / "image_1800")
    (tmp_path / "maps").symlink_to(data_set / "map_1800")
    table = run("evaluate", tmp_path, "--model", "untrained", "--layout", "folder", "--profile", "legacy_sjtu")
    assert set(metrics.PROFILES["legacy_sjtu"].default) <= set(table.split())


def test_the_folder_for_the_scores_is_made(data_set, tmp_path):
    file = tmp_path / "deep" / "out" / "scores.json"
    run("evaluate", data_set, "--model", "untrained", "--split", "training", "--json", file)
    assert json.loads(file.read_text())["split"] == "training"


def test_results_that_cannot_be_written_are_reported_before_prediction(data_set, picture, tmp_path, monkeypatch):
    monkeypatch.setattr(Predictor, "predict", lambda *_: pytest.fail("predicted for nothing"))
    (tmp_path / "file").touch()
    inside = tmp_path / "file" / "out"
    for arguments in (
        ("predict", picture, "--out", inside),
        ("predict", data_set, "--model", "untrained", "--out", inside),
        ("evaluate", data_set, "--model", "untrained", "--json", inside / "scores.json"),
    ):
        assert "out” cannot be written to" in refused(*arguments)
    monkeypatch.setattr("os.access", lambda path, mode, **_: mode != os.W_OK)
    assert "cannot be written to" in refused("predict", picture, "--out", tmp_path)


def test_a_disk_that_is_full_when_results_are_written_is_a_sentence(picture, tmp_path, monkeypatch):
    def full(path, *_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(Image.Image, "save", full)
    said = refused("predict", picture, "--out", tmp_path / "out")
    assert said.endswith("The disk is full. Make room and give the command again.\n")


def test_a_training_that_could_not_write_its_run_does_not_begin(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("runs").touch()
    assert "“runs” cannot be written to" in refused("train", "gsgnet")


def test_the_app_without_checkpoints_ends_with_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(tmp_path))
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(Path(__file__).parents[1] / "app.py"))
    assert ended.value.code == "There is no checkpoint to predict with; train one first."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["predict", "{picture}", "--model", "nothing", "--out", "{out}"], "There is no checkpoint called “nothing”"),
        (["predict", "{text}", "--out", "{out}"], "pictures are read"),
        (["predict", "{out}/missing.png", "--out", "{out}"], "does not exist"),
        (["predict", "{data_set}", "--out", "{out}"], "one model"),
        (["predict", "{data_set}", "--model", "a", "--salient", "b", "--out", "{out}"], "are its own"),
        (["predict", "{empty}", "--model", "untrained", "--out", "{out}"], "no picture in the folder “empty”"),
        (["evaluate", "{data_set}", "--model", "untrained", "--split", "tset"], "There is no split “tset”"),
        (["evaluate", "{data_set}", "--model", "untrained", "--profile", "mine"], "tuebingen"),
        (["evaluate", "{empty}", "--model", "untrained", "--layout", "folder", "--split", "test"], "no splits"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(arguments, sentence, picture, data_set, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("no picture")
    (tmp_path / "empty").mkdir()
    places = {
        "picture": picture,
        "text": text,
        "data_set": data_set,
        "empty": tmp_path / "empty",
        "out": tmp_path / "o",
    }
    words = refused(*(argument.format(**places) for argument in arguments)).replace("│", " ").split()
    assert sentence in " ".join(words)


def test_python_m_saliency_is_the_same_command(picture, tmp_path):
    command = [sys.executable, "-m", "saliency", "predict", picture, "--out", tmp_path / "out"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "out" / "untrained.pure.png").is_file()
    failed = subprocess.run([*command[:-3], tmp_path / "no.png", "--out", tmp_path], capture_output=True, timeout=300)
    assert failed.returncode == 2


def test_the_list_of_commands_has_the_first_sentence_of_each():
    for name, help_ in COMMANDS.items():
        command = imported(name)
        assert command.name == name
        assert " ".join(command.help.split("\n\n")[0].split()) == help_


def test_help_imports_no_command():
    code = "import sys; from saliency.cli import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60).stdout
    assert all(name in shown for name in COMMANDS)
    assert {"torch", "pandas", "numpy", "gradio"}.isdisjoint(shown.splitlines()[-1].split())
