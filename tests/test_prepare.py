"""``saliency prepare`` from the shell."""

from __future__ import annotations

from PIL import Image
from typer.testing import CliRunner

from saliency.cli import app


def test_gaze_of_two_data_sets_in_one_folder(tmp_path):
    for name in ("one", "two"):
        for folder in ("images", "maps"):
            (tmp_path / name / folder).mkdir(parents=True)
        Image.new("RGB", (40, 30), "grey").save(tmp_path / name / "images" / "a.png")
        Image.radial_gradient("L").resize((40, 30)).save(tmp_path / name / "maps" / "a.png")
    sources = [f"{name}={tmp_path / name}" for name in ("one", "two")]
    result = CliRunner().invoke(app, ["prepare", "gaze", str(tmp_path / "out"), *sources])
    assert (result.exit_code, result.stdout) == (0, "2 pictures.\n")
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == ["one_a.png", "two_a.png"]


def test_a_source_without_a_folder_is_refused(tmp_path):
    result = CliRunner().invoke(app, ["prepare", "gaze", str(tmp_path / "out"), "osie="])
    assert result.exit_code == 2
    assert "“osie=” is not of the form PREFIX=FOLDER." in result.output
