"""The documents: links lead somewhere, the README is short, and the Python that it prints runs."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path

import numpy as np
import pytest

from saliency import checkpoints
from saliency.cli.application import COMMANDS
from saliency.models.registry import spec

from .samples import write_data_set

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


# Of things that a reader is to write, or that exist in a wheel only.
ABSENT = ("saliency/models/toynet/", "train/toynet.yaml", "saliency/resources/", "saliency/models/NAME/")


@pytest.mark.parametrize("document", [name for name in documents() if not re.search("/experiments/|/specs/", name)])
def test_paths_and_names_in_a_document_exist(document: str) -> None:
    """`saliency/...`, `tests/...` and `train/...` are files or folders, `saliency.name` can be imported, and so on."""
    text = text_of(document) if document != "CHANGELOG.md" else ""  # it names what was there
    paths = re.findall(r"(?<![\w/.])(?:saliency|tests|train|docs)/[\w./*-]*[\w*/]", text)
    assert [path for path in paths if path not in ABSENT and not list(ROOT.glob(path))] == []
    names = re.findall(r"`(saliency(?:\.\w+)+)", text)
    assert [name for name in names if not names_something(name)] == []


def names_something(name: str) -> bool:
    try:
        pkgutil.resolve_name(name)
    except (ImportError, AttributeError):
        return False
    return True


@pytest.mark.parametrize("document", documents())
def test_commands_in_a_document_exist(document: str) -> None:
    called = re.findall(r"^(?:\w+=\S+ )*saliency ([a-z]+)", "\n".join(code_of(document)), re.MULTILINE)
    assert set(called) <= set(COMMANDS)


def code_of(document: str) -> list[str]:
    """The blocks of code and the code within lines."""
    text = text_of(document)
    return [block for _, block in FENCED.findall(text)] + re.findall(r"`([^`\n]+)`", FENCED.sub("", text))


def test_the_index_names_every_page() -> None:
    """From docs/README.md, and from the index of the experiments that it names, every page is one link away."""
    linked = {ROOT / "docs/README.md"}
    for index in ("docs/README.md", "docs/experiments/README.md"):
        linked |= {((ROOT / index).parent / link.partition("#")[0]).resolve() for link in LINK.findall(text_of(index))}
    assert set((ROOT / "docs").rglob("*.md")) <= linked


def test_the_readme_is_short() -> None:
    assert len(text_of("README.md").splitlines()) < 150


def test_the_readme_shows_the_scores_of_the_cards() -> None:
    for card in (*checkpoints.available(), *checkpoints.baselines()):
        if spec(card.model).task == "objects":
            assert spec(card.model).title in text_of("README.md")
            continue
        row = re.search(rf"^\| {re.escape(spec(card.model).title)} \|.*$", text_of("README.md"), re.MULTILINE)
        assert row, card.name
        cells = [cell.strip(" *") for cell in row[0].split("|")[3:]]
        scores = card.metrics["validation"]
        order = ("pure", "general", "whole", "salient", "non_salient")
        shown = [f"{scores[condition]['CC'].mean:.3f}".removeprefix("0") for condition in order]
        assert cells[:7] == [
            *shown,
            f"{card.parameters / 1e6:.1f} M" if card.sha256 else "none",
            f"{checkpoints.file_size(card.name) / 1e6:.1f} MB" if card.sha256 else "none",
        ]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which a document's Python runs: the examples, a data set and a recording are there."""
    (tmp_path / "assets").symlink_to(ROOT / "assets")
    (tmp_path / "recording.tsv").write_text("x\ty\n300\t120\n310\t130\n", encoding="utf-8")
    write_data_set(tmp_path / "DATASET_DIR", 2, {"_0": "", "_3": "A spot."}, validation=1)
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def python_of(document: str, names: dict) -> None:
    """Runs the blocks of Python of a document, one after the other."""
    blocks = [block for language, block in FENCED.findall(text_of(document)) if language == "python"]
    exec(compile("\n".join(blocks), document, "exec"), names)


def test_the_readmes_python_runs(place: Path) -> None:
    names: dict = {}
    python_of("README.md", names)
    density = names["prediction"].density
    assert density.dtype == np.float32
    assert density.sum() == pytest.approx(1, abs=1e-4)
    assert (place / "comparison.png").is_file()


def test_the_python_of_the_page_on_python_runs(place: Path) -> None:
    names: dict = {}
    python_of("docs/python.md", names)
    assert names["recording"].points.tolist() == [[120, 300], [130, 310]]
    assert set(names["table"]["condition"]) == {"pure", "salient", "macro"}
    assert names["model"].card.model == "clip_salgan"
