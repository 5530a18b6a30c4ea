"""``saliency video`` on real files."""

from __future__ import annotations

import numpy as np
import pytest
from typer.testing import CliRunner

from saliency.cli import app
from saliency.predictor import Predictor
from saliency.results.rendering import overlay
from saliency.video import open_clip
from tests.video import clips


@pytest.fixture(autouse=True)
def checkpoints(miniatures, monkeypatch):
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    return miniatures


@pytest.fixture
def source(tmp_path):
    return clips.write(tmp_path / "clip.mp4", 6, options={"bf": "0"}, sound="aac")


def call(*arguments):
    return CliRunner().invoke(app, ["video", *(str(argument) for argument in arguments)])


def test_a_video_of_overlays_in_a_folder_that_is_made(source, tmp_path):
    out = tmp_path / "deep" / "out.mp4"
    result = call(source, "--model", "blind", "--out", out)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("6 frames of 64 x 48 and 6 maps, ")
    assert f"are in {out}. The process took at most " in result.stdout
    assert len(clips.packets(out, "audio")) == len(clips.packets(source, "audio"))


def test_maps_alone_with_a_sentence_at_fewer_maps_per_second(source, tmp_path):
    out = tmp_path / "out.mp4"
    options = ["--maps", "--colormap", "viridis", "--sentence", "a dog", "--fps", 5]
    result = call(source, "--model", "reader", "--out", out, *options)
    assert result.exit_code == 0, result.output
    assert "6 frames of 64 x 48 and 3 maps" in result.stdout
    with open_clip(source) as before, open_clip(out) as after:
        [frame, *_], [drawn, *_] = before.frames(), after.frames()
    map_ = Predictor(["reader"]).predict(frame.pixels, {"general": "a dog"}).predictions[0].map
    assert np.abs(drawn.pixels.astype(int) - overlay(frame.pixels, map_, 1.0, "viridis")).mean() < 8


def test_damage_is_reported_and_does_not_end_it(source, tmp_path):
    clips.damage(source, 3)
    result = call(source, "--model", "blind", "--out", tmp_path / "out.mp4")
    assert result.exit_code == 0
    assert result.stderr == "1 frame is damaged and was skipped; the one before it is shown longer.\n"
    assert result.stdout.startswith("5 frames")


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model", "blind", "--sentence", "a dog"], "Blind reads no text; leave the sentence out."),
        (["--model", "other"], "other"),
        (["--model", "blind", "--out", "out.avi"], "ends in .mp4"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(source, tmp_path, options, sentence):
    result = call(source, "--out", tmp_path / "out.mp4", *options)
    assert result.exit_code == 2
    assert sentence in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.output
    assert not (tmp_path / "out.mp4").exists()


def test_what_is_no_video_is_a_sentence(tmp_path):
    (tmp_path / "clip.mp4").write_text("no video")
    result = call(tmp_path / "clip.mp4", "--model", "blind", "--out", tmp_path / "out.mp4")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "no video that can be read" in result.stderr
