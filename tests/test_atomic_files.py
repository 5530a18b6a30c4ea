"""Readers find a whole file or none."""

from pathlib import Path

import pytest

from saliency.atomic_files import write_whole


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
