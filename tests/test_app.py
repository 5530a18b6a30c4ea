"""What the host of the app says by its environment, or by the options of ``saliency app``."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from saliency import ui
from saliency.cli import app as command
from saliency.data import ObjectDataset
from saliency.object_evaluation import ObjectMaps
from tests.samples import HEIGHT, WIDTH, write_data_set

APP = str(Path(__file__).parents[1] / "app.py")


@pytest.fixture
def given(miniatures, tmp_path, monkeypatch) -> dict:
    """What the app is built of; a data set and a folder of maps lie in `tmp_path`."""
    arguments: dict = {}
    monkeypatch.setenv("SALIENCY_CHECKPOINTS", str(miniatures))
    for name in ("SALIENCY_DATASET", "SALIENCY_SPLIT", "SALIENCY_MAPS"):
        monkeypatch.delenv(name, raising=False)

    def build(predictor, data, maps, opening):
        arguments.update(data=data, maps=maps)
        return SimpleNamespace(launch=arguments.update)

    monkeypatch.setattr(ui, "build", build)
    write_data_set(tmp_path / "gaze", 1, {"_0": ""})
    (tmp_path / "maps").mkdir()
    np.save(tmp_path / "maps" / "000000000001_0.npy", np.tile(np.arange(1.0, WIDTH + 1), (HEIGHT, 1)))
    return arguments


def ends(monkeypatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(APP)
    return ended.value.code


def test_maps_of_other_programs_join_the_errors_tab(given, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_DATASET", str(tmp_path / "gaze"))
    monkeypatch.setenv("SALIENCY_MAPS", f"DeepGaze:{tmp_path / 'maps'}; UNISAL:{tmp_path / 'maps'}")
    runpy.run_path(APP)
    assert given["data"].name == "gaze"
    assert [maps.title for maps in given["maps"]] == ["DeepGaze", "UNISAL"]


def test_a_data_set_of_objects_is_found_by_its_masks(given, tmp_path, monkeypatch):
    """As ECSSD is released: no folder of gaze, and one of masks."""
    for folder in ("images", "ground_truth_mask"):
        (tmp_path / "ECSSD" / folder).mkdir(parents=True)
        Image.new("L", (WIDTH, HEIGHT), 255).save(tmp_path / "ECSSD" / folder / "a.png")
    np.save(tmp_path / "maps" / "a.npy", np.ones((HEIGHT, WIDTH)))
    monkeypatch.setenv("SALIENCY_DATASET", str(tmp_path / "ECSSD"))
    monkeypatch.setenv("SALIENCY_MAPS", f"mine:{tmp_path / 'maps'}")
    runpy.run_path(APP)
    assert isinstance(given["data"], ObjectDataset)
    [maps] = given["maps"]
    assert isinstance(maps, ObjectMaps)


def test_nothing_is_asked_of_a_host_without_a_data_set(given):
    runpy.run_path(APP)
    assert (given["data"], given["maps"]) == (None, ())


def test_what_cannot_be_compared_ends_the_start_with_a_sentence(given, tmp_path, monkeypatch):
    maps = str(tmp_path / "maps")
    assert "SALIENCY_MAPS needs SALIENCY_DATASET" in ends(monkeypatch, SALIENCY_MAPS=f"DeepGaze:{maps}")
    gaze = str(tmp_path / "gaze")
    assert "name:folder" in ends(monkeypatch, SALIENCY_DATASET=gaze, SALIENCY_MAPS="DeepGaze")
    assert "no folder “missing”" in ends(monkeypatch, SALIENCY_MAPS=f"DeepGaze:{tmp_path / 'missing'}")
    (tmp_path / "maps" / "000000000001_0.npy").rename(tmp_path / "maps" / "other.npy")
    sentence = ends(monkeypatch, SALIENCY_MAPS=f"DeepGaze:{maps}")
    assert "first sample is “000000000001_0”; the first maps are: other.npy" in sentence


def test_the_command_serves_what_its_options_say(given, tmp_path, monkeypatch):
    monkeypatch.setenv("SALIENCY_DATASET", str(tmp_path / "elsewhere"))
    options = ["--port", "8123", "--data", str(tmp_path / "gaze"), "--maps", f"DeepGaze:{tmp_path / 'maps'}"]
    ended = CliRunner().invoke(command, ["app", *options])
    assert ended.exit_code == 0, ended.output
    assert given["server_port"] == 8123
    assert given["server_name"] is None  # Gradio then reads its own environment variable
    assert given["data"].name == "gaze"
    assert [maps.title for maps in given["maps"]] == ["DeepGaze"]


def test_the_command_ends_with_a_sentence(given, tmp_path):
    ended = CliRunner().invoke(command, ["app", "--maps", f"DeepGaze:{tmp_path / 'maps'}"])
    assert ended.exit_code == 2
    assert "SALIENCY_MAPS needs SALIENCY_DATASET" in ended.stderr
