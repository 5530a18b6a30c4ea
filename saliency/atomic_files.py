"""Files that are whole whenever somebody reads them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Replaces the file `path` in one step: a reader, or a run after a crash, finds the old content or the new.

    What was written of it goes where `write` fails.

    Args:
        write: writes the content to the path that it is given, a draft in the same folder.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(draft)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
