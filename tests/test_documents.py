"""The documents: links lead somewhere, the README is short, and the Python that it prints runs."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from saliency import checkpoints
from saliency.models.registry import spec

ROOT = Path(__file__).parents[1]
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FOLDERS = ("docs", "checkpoints", "assets")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def documents() -> list[str]:
    """The Markdown files of the repository."""
    found = [*ROOT.glob("*.md"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.md"))]
    return sorted(path.relative_to(ROOT).as_posix() for path in found)


def text_of(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The anchors that GitHub gives to the headings of a document."""
    headings = re.findall(r"^#+ (.*)$", FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", documents())
def test_relative_links_lead_to_files_and_headings(document: str) -> None:
    broken = []
    for link in LINK.findall(FENCED.sub("", text_of(document))):
        if re.match(r"\w+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (ROOT / document).parent / target if target else ROOT / document
        if not path.exists() or (anchor and anchor not in anchors(path.read_text(encoding="utf-8"))):
            broken.append(link)
    assert broken == []


def test_the_index_names_every_page() -> None:
    """From docs/README.md, and from the index of the experiments that it names, every page is one link away."""
    linked = {ROOT / "docs/README.md"}
    for index in ("docs/README.md", "docs/experiments/README.md"):
        linked |= {((ROOT / index).parent / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(index))}
    assert set((ROOT / "docs").rglob("*.md")) <= linked


def test_the_readme_is_short() -> None:
    assert len(text_of("README.md").splitlines()) < 150


def test_the_readme_shows_the_scores_of_the_cards() -> None:
    for card in checkpoints.available():
        row = re.search(rf"^\| {re.escape(spec(card.model).title)} \|.*$", text_of("README.md"), re.MULTILINE)
        assert row, card.name
        cells = [cell.strip(" *") for cell in row[0].split("|")[3:]]
        scores = card.metrics["validation"]
        order = ("pure", "general", "whole", "salient", "non_salient")
        shown = [f"{scores[condition]['CC'].mean:.3f}".removeprefix("0") for condition in order]
        assert cells[:7] == [
            *shown,
            f"{card.parameters / 1e6:.1f} M",
            f"{checkpoints.file_size(card.name) / 1e6:.1f} MB",
        ]


def test_the_readmes_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (code,) = (block for language, block in FENCED.findall(text_of("README.md")) if language == "python")
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    monkeypatch.chdir(tmp_path)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)
    density = names["prediction"].density
    assert density.dtype == np.float32
    assert density.sum() == pytest.approx(1, abs=1e-4)
    assert (tmp_path / "comparison.png").is_file()
