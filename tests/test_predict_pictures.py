"""``saliency predict`` on one's own pictures: several, folders of them, and a table of sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from saliency.cli import app
from saliency.predictor import Predictor
from tests.tiny import SPECS, in_miniature

TABLE = "file,salient,general\na.png,A red boat.,\nb,A dog.,A dog and a wall.\n"


@pytest.fixture(autouse=True)
def checkpoint(untrained, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(untrained))


@pytest.fixture
def pictures(tmp_path) -> Path:
    """Three pictures of noise in a folder, the third in a folder of it; and what systems add."""
    generator = np.random.default_rng(0)
    folder = tmp_path / "pictures"
    for name in ("a.png", "b.png", "Action/001.png"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (40, 56, 3), dtype=np.uint8)).save(folder / name)
    (folder / "._a.png").write_bytes(b"\0\5\x16\7")
    return folder


@pytest.fixture
def table(tmp_path) -> Path:
    path = tmp_path / "sentences.csv"
    path.write_text(TABLE)
    return path


def run(*arguments, code: int = 0):
    result = CliRunner().invoke(app, ["predict", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result


def names(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def both(*stems: str) -> list[str]:
    return sorted(f"{stem}.{extension}" for stem in stems for extension in ("png", "npy"))


def test_a_folder_under_the_sentences_of_a_table(pictures, table, tmp_path):
    out = tmp_path / "out"
    assert "6 maps are in" in run(pictures, "--sentences", table, "--out", out).stdout
    assert names(out) == both(
        "Action/001.untrained.pure",
        "a.untrained.pure",
        "a.untrained.salient",
        "b.untrained.general",
        "b.untrained.pure",
        "b.untrained.salient",
    )
    expected = Predictor(["untrained"]).predict(pictures / "b.png", {"salient": "A dog."}).predictions[0].density
    written = np.load(out / "b.untrained.salient.npy")
    assert (written.shape, written.dtype) == ((40, 56), np.float32)
    np.testing.assert_allclose(written, expected, rtol=1e-4)
    assert np.abs(written - np.load(out / "b.untrained.pure.npy")).max() > 1e-8  # the sentence was read
    assert Image.open(out / "b.untrained.salient.png").size == (56, 40)


def test_several_pictures_under_the_sentences_of_options(pictures, tmp_path):
    out = tmp_path / "out"
    run(pictures / "a.png", pictures / "b.png", "--salient", "A dog.", "--out", out)
    assert names(out) == both(*(f"{name}.untrained.{condition}" for name in "ab" for condition in ("pure", "salient")))


def test_results_in_the_folder_of_the_pictures_are_no_pictures_of_a_second_run(pictures):
    out = pictures / "maps"
    for _ in range(2):
        assert "3 maps are in" in run(pictures, "--out", out).stdout
    assert len(names(out)) == 6


def test_a_damaged_picture_does_not_end_the_run_and_is_named(pictures, tmp_path):
    (pictures / "a.png").write_bytes((pictures / "a.png").read_bytes()[:100])
    out = tmp_path / "out"
    result = run(pictures, "--out", out, code=3)
    assert names(out) == both("Action/001.untrained.pure", "b.untrained.pure")
    assert "Left out: 1\na.png: The picture's file is damaged or was cut short.\n" in result.stderr


def test_one_damaged_picture_alone_is_refused(pictures, tmp_path):
    (pictures / "a.png").write_bytes(b"no picture")
    assert "not a picture" in run(pictures / "a.png", "--out", tmp_path / "out", code=2).stderr


def test_notices_are_reported_with_the_name_of_the_picture(pictures, tmp_path):
    Image.new("RGB", (56, 40), "white").save(pictures / "a.png")
    result = run(pictures / "a.png", pictures / "b.png", "--salient", "狗在跑", "--out", tmp_path / "out")
    plain, *unknown = result.stderr.splitlines()
    assert plain.startswith("a.png: ")
    assert "colour" in plain
    assert [line.partition(":")[0] for line in unknown] == [f"{name}.png, CLIP-SalGAN, salient" for name in "ab"]
    assert all("3 of 3 words are unknown" in line for line in unknown)


@pytest.mark.parametrize("extra", ["d.png,x,y\n", ""])
def test_lines_of_no_picture_are_reported(pictures, table, tmp_path, extra):
    table.write_text(TABLE + extra)
    result = run(pictures, "--sentences", table, "--out", tmp_path / "out")
    assert ("name none of the pictures: 1 (first “d.png”)" in result.stderr) is bool(extra)


def test_a_data_set_with_folders_of_pictures_has_its_maps_in_such_folders(pictures, tmp_path):
    pictures.rename(tmp_path / "images")
    out = tmp_path / "out"
    run(tmp_path, "--model", "untrained", "--out", out)
    assert names(out) == ["Action/001.npy", "a.npy", "b.npy"]


def test_a_damaged_sample_of_a_data_set_does_not_end_the_run_either(pictures, tmp_path):
    (pictures / "a.png").write_bytes(b"no picture")
    pictures.rename(tmp_path / "images")
    result = run(tmp_path, "--model", "untrained", "--out", tmp_path / "out", code=3)
    assert names(tmp_path / "out") == ["Action/001.npy", "b.npy"]
    assert result.stderr.startswith("Left out: 1\na: ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["{pictures}", "--sentences", "{table}", "--salient", "x"], "not both"),
        (["{pictures}/a.png", "{pictures}"], "is a folder"),
        (["{pictures}/a.png", "{pictures}/a.png"], "Two pictures are called “a”"),
        (["{pictures}", "--sentences", "{pictures}/a.png"], "“a.png” is no table"),
    ],
)
def test_a_mistake_is_answered_with_a_sentence(arguments, sentence, pictures, table, tmp_path):
    places = {"pictures": pictures, "table": table}
    result = run(*(argument.format(**places) for argument in arguments), "--out", tmp_path / "o", code=2)
    assert sentence in " ".join(result.stderr.replace("│", " ").split())


def test_sentences_with_names_of_their_own_name_their_maps(pictures, tmp_path):
    out = tmp_path / "out"
    own = ("--sentence", "wording A=A red boat.", "--sentence", "wording B=A = B.")
    run(pictures / "a.png", *own, "--out", out)
    assert {"untrained.wording A.png", "untrained.wording B.png", "untrained.pure.png"} < set(names(out))
    assert "A = B." in (out / "comparison.csv").read_text()
    for wrong in ("A red boat.", "salient=A boat."):
        run(pictures / "a.png", "--sentence", wrong, "--out", out, code=2)
    run(pictures / "a.png", "--sentence", "a/b=A boat.", "--out", out, code=2)
    run(pictures / "a.png", "--sentence", "a=A boat.", "--sentence", "a=A dog.", "--out", out, code=2)


@pytest.mark.parametrize("count", [1, 2])
def test_a_model_of_objects_cuts_its_object_out_of_every_picture(count, pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(SPECS, "reader", replace(SPECS["reader"], task="objects"))
    out = tmp_path / "out"
    chosen = [pictures / "a.png", pictures / "b.png"][:count]
    with in_miniature(tmp_path / "checkpoints") as folder:
        monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(folder))
        run(*chosen, "--model", "reader", "--model", "blind", "--sentence", "v1.2=A dog.", "--out", out)
        expected = Predictor(["reader"]).predict(chosen[-1], {"v1.2": "A dog."}).predictions[0].mask
    before = [f"{path.stem}." for path in chosen] if count > 1 else [""]
    cutouts = [f"{name}reader.{condition}.cutout.png" for name in before for condition in ("pure", "v1.2")]
    assert [name for name in names(out) if "cutout" in name] == cutouts
    cut = np.asarray(Image.open(out / cutouts[-1]))
    np.testing.assert_array_equal(cut[..., :3], np.asarray(Image.open(chosen[-1])))
    np.testing.assert_allclose(cut[..., 3] / 255, expected, atol=1 / 255)
