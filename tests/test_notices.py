"""What ships and others made is named with its licence; citation and package have one version."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
import yaml

import saliency
from saliency import checkpoints
from saliency.ui.page import face_mesh

ROOT = Path(__file__).parents[1]
NOTICES = (ROOT / "THIRD_PARTY_NOTICES.md").read_text(encoding="utf-8")
PICTURES = (ROOT / "assets" / "LICENCES.md").read_text(encoding="utf-8")
FACE_MESH = ROOT / "assets" / "face_mesh"  # the one library of others that ships
SHIPPED = ("saliency", "checkpoints", "assets", "train", "notebooks")


def shipped(*suffixes: str) -> list[Path]:
    """Files with one of the suffixes."""
    return [path for folder in SHIPPED for path in (ROOT / folder).rglob("*") if path.suffix.lower() in suffixes]


@pytest.mark.parametrize("path", sorted((ROOT / "checkpoints").glob("*.safetensors")), ids=lambda path: path.stem)
def test_weights_that_checkpoints_start_from_are_named_with_their_licence(path: Path):
    for origin in checkpoints.read_card(path).origin:
        [licence] = re.findall(r"Apache-2\.0|MIT|BSD", origin)
        part = re.split(r",| as it is| \(", origin)[0]
        rows = [line for line in NOTICES.splitlines() if line.startswith(f"| {part}") and f"`{path.stem}`" in line]
        assert len(rows) == 1, origin
        assert rows[0].endswith(f"| {licence} |")


def test_the_licence_that_asks_for_it_ships_in_full():
    text = (ROOT / "checkpoints" / "LICENSE-Apache-2.0.txt").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_example_picture_is_named():
    names = {path.name for path in shipped(".jpg", ".jpeg", ".png", ".webp") if "examples" in path.parts}
    assert names
    assert [name for name in names if f"`examples/{name}`" not in PICTURES] == []


def test_the_library_of_landmarks_is_as_it_was_published():
    """Its README has the sum of every file, and nothing else lies beside it; the notices name it."""
    readme = (FACE_MESH / "README.md").read_text(encoding="utf-8")
    files = {path.name: path for path in FACE_MESH.iterdir() if path.name != "README.md"}
    sums = dict(re.findall(r"^\| `(\S+)` \| `([0-9a-f]{64})` \|$", readme, re.MULTILINE))
    assert {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()} == sums
    assert set(face_mesh.FILES) == set(files)
    assert f"version {face_mesh.VERSION}," in readme
    rows = [line for line in NOTICES.splitlines() if line.startswith("| `assets/face_mesh`")]
    assert len(rows) == 1
    assert face_mesh.VERSION in rows[0]
    assert rows[0].endswith("| Apache-2.0 |")


def test_there_are_no_fonts_and_no_other_scripts_of_others():
    """The notices say so. Scripts of others have their licence, or their address, at their head, or are minified."""
    assert shipped(".woff", ".woff2", ".ttf", ".otf", ".eot") == []
    scripts = [path for path in shipped(".js", ".mjs", ".css") if path.parent != FACE_MESH]
    assert len(scripts) > 20
    foreign = re.compile(r"@license|@preserve|copyright|sourceMappingURL", re.IGNORECASE)
    assert [path.name for path in scripts if foreign.search(path.read_text(encoding="utf-8"))] == []
    longest = {path.name: max(map(len, path.read_text(encoding="utf-8").splitlines())) for path in scripts}
    assert [name for name, length in longest.items() if length > 1000] == []


def test_the_citation_has_the_packages_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == saliency.__version__
    assert citation["cff-version"] == "1.2.0"
    assert {"title", "message", "authors", "license"} <= set(citation)
