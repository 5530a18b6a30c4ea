"""Readers find a whole file or none."""

import os
from functools import partial
from pathlib import Path

import pytest
import torch

from saliency.atomic_files import write_whole
from saliency.errors import OutputError
from saliency.training.runs import write_state

FULL = Path("/dev/full")  # Linux's: every write to it fails as on a full disk


def test_a_broken_write_leaves_what_was_there(tmp_path: Path):
    path = tmp_path / "card.json"
    write_whole(path, lambda draft: draft.write_text("old"))

    def broken(draft: Path) -> None:
        draft.write_text("ne")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_whole(path, broken)
    assert path.read_text() == "old"
    write_whole(path, lambda draft: draft.write_text("new"))
    assert path.read_text() == "new"


@pytest.mark.skipif(not FULL.exists(), reason="the system has no such device")
@pytest.mark.parametrize("state", [False, True], ids=["bytes", "PyTorch's"])
def test_a_full_disk_is_a_sentence_and_leaves_what_was_there(tmp_path: Path, state: bool):
    path = tmp_path / "state.pt"
    path.write_text("old")
    content = {"weights": torch.zeros(100_000)}

    def write(draft: Path) -> None:
        draft.symlink_to(FULL)
        write_state(draft, tmp_path / "run", content) if state else draft.write_bytes(b"new")

    with pytest.raises(OutputError, match=r"^The file “state\.pt” cannot be written: the disk is full\."):
        write_whole(path, write)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["state.pt"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="not open for writing"):
        write_whole(tmp_path / "file" / "folder" / "card.json", partial(Path.write_text, data="new"))


def test_errors_of_something_else_stay_what_they_are(tmp_path: Path):
    def fails(draft: Path) -> None:
        raise FileNotFoundError("of what was to be read")

    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "card.json", fails)
