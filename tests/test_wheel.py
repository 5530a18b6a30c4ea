"""The wheel: what is in it, and that it works far from the repository."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BUILD = "import sys; from hatchling.build import build_wheel; build_wheel(sys.argv[1])"

# Run in an empty folder: prints what it finds, as JSON.
USE = """
import json, saliency
from saliency.models.registry import REGISTRY
from saliency.resources import resource
from saliency.training.recipe_file import load_recipe
from saliency.archive.readme import CITATION
from saliency.ui.shared.examples import examples
from saliency.ui.page.page_head import PREVIEW

predictor = saliency.Predictor(["clip_salgan"])
picture = examples()[0].picture
density = predictor.predict(picture, {"salient": "A boat."}).predictions[0].density
print(json.dumps({
    "package": saliency.__file__,
    "checkpoints": sorted(card.name for card in [*saliency.checkpoints.available(), predictor.captioner] if card),
    "sum": float(density.sum()),
    "recipe": load_recipe(resource("train/gsgnet.yaml")).name,
    "pages": [PREVIEW.is_file(), CITATION.is_file()],
}))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-c", BUILD, str(folder)], cwd=ROOT, check=True, timeout=120)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def names(wheel) -> set[str]:
    return set(zipfile.ZipFile(wheel).namelist())


def under(folder: str, pattern: str = "*") -> set[str]:
    """Files of a folder of the repository, relative to its top."""
    found = (path for path in (ROOT / folder).rglob(pattern) if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in found if path.suffix not in {".pyc", ".pyi"}}


def test_the_wheel_holds_one_package_with_all_that_it_reads(names):
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {"saliency"}
    assert under("saliency") <= names
    shipped = under("checkpoints") | under("train", "*.yaml") | under("assets/examples") | under("assets/face_mesh")
    assert {f"saliency/resources/{name}" for name in shipped | {"assets/LICENCES.md", "CITATION.cff"}} <= names
    assert not [name for name in names if name.startswith("saliency/resources/") and name.endswith(".py")]


def test_the_wheel_asks_for_what_requirements_txt_lists(wheel, names):
    (path,) = (name for name in names if name.endswith(".dist-info/METADATA"))
    metadata = message_from_bytes(zipfile.ZipFile(wheel).read(path))
    lines = (line.partition("#")[0].strip() for line in (ROOT / "requirements.txt").read_text().splitlines())
    listed = {line.replace("_", "-") for line in lines if line}
    asked = [one for one in metadata.get_all("Requires-Dist") if "extra ==" not in one]
    assert len(asked) == len(listed)
    assert {one.split("<")[0].split(">")[0].split("=")[0] for one in asked} == {
        one.split("<")[0].split(">")[0].split("=")[0] for one in listed
    }
    assert set(metadata.get_all("License-File")) == {
        *("LICENSE", "THIRD_PARTY_NOTICES.md", "assets/LICENCES.md"),
        *("checkpoints/LICENSE-Apache-2.0.txt", "checkpoints/README.md"),
    }


def test_twine_accepts_the_wheel_and_the_source_distribution(wheel, tmp_path):
    build = "import sys; from hatchling.build import build_sdist; build_sdist(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    (source,) = tmp_path.glob("*.tar.gz")
    check = [sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source)]
    done = subprocess.run(check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout


def test_an_installed_wheel_predicts_in_an_empty_folder(wheel, tmp_path):
    place, empty = tmp_path / "place", tmp_path / "empty"
    empty.mkdir()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*pip, "--target", str(place), str(wheel)], check=True, timeout=120)
    used = subprocess.run(
        [sys.executable, "-c", USE],
        cwd=empty,
        env={"PATH": "", "PYTHONPATH": str(place), "HOME": str(tmp_path), "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    found = json.loads(used.stdout)
    assert Path(found["package"]).is_relative_to(place)
    assert found["checkpoints"] == sorted(path.stem for path in (ROOT / "checkpoints").glob("*.safetensors"))
    assert found["sum"] == pytest.approx(1, abs=1e-4)
    assert found["recipe"] == "gsgnet"
    assert found["pages"] == [True, True]
    assert list(empty.iterdir()) == []
