"""The notebooks run from top to bottom, and are stored without outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def read(name: str) -> Any:
    return nbformat.read(FOLDER / name, as_version=4)


def test_there_are_three_which_the_documents_name():
    assert [name[:2] for name in NOTEBOOKS] == ["01", "02", "03"]
    index = (FOLDER.parent / "docs" / "README.md").read_text(encoding="utf-8")
    assert all(f"(../notebooks/{name})" in index for name in NOTEBOOKS)
    assert len(read(NOTEBOOKS[0]).cells) == 10


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_is_valid_and_holds_no_outputs(name: str):
    notebook = read(name)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell for cell in code if cell.outputs or cell.execution_count is not None] == []
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


def test_all_run_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In one kernel, because starting one takes a while; each begins without the names of the one before."""
    monkeypatch.setenv("SALIENCY_CACHE", str(tmp_path))
    notebook = nbformat.v4.new_notebook()
    for name in NOTEBOOKS:
        notebook.cells += [nbformat.v4.new_code_cell("%reset -f"), *read(name).cells]
    place = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=place).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"execute_result", "stream"}
    warned = [output.text for output in outputs if output.get("name") == "stderr"]
    assert [text for text in warned if "IProgress not found" not in text] == []  # tqdm's, where ipywidgets are missing
    results = [output.data for output in outputs if output.output_type == "execute_result"]
    assert sum("image/png" in data for data in results) == 5
    assert sum("<figure><img" in data.get("text/html", "") for data in results) == 3
    [table] = [data["text/html"] for data in results if "<table" in data.get("text/html", "")]
    assert all(model in table for model in ("Contrast", "transalnet", "centre_prior"))
