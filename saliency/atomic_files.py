"""Files that are whole whenever somebody reads them."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

from .errors import OutputError, SaliencyError

_FULL = {errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)}  # Windows has no quotas of its own number
_CLOSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST}


def write_whole(path: Path, write: Callable[[Path], object]) -> None:
    """Replaces the file `path` in one step: a reader, or a run after a crash, finds the old content or the new.

    Its folder is made where it is missing. What was written of it goes where `write` fails.

    Args:
        write: writes the content to the path that it is given, a draft in the same folder. It writes by Python's
            files, whose errors say what failed.

    Raises:
        OutputError: the disk is full, or the folder cannot be written to.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write(draft)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)
    except SaliencyError:
        raise
    except Exception as error:
        refusal = _refusal(path.name, _of_the_system(error))
        if refusal is None:
            raise
        raise refusal from error


def is_full(error: OSError) -> bool:
    """Whether a write failed because the disk, or what one user may have of it, is full."""
    return error.errno in _FULL


def _of_the_system(error: BaseException | None) -> OSError | None:
    """The system's error behind one: PyTorch closes a file that it could not write with an error of its own."""
    while error is not None and not isinstance(error, OSError):
        error = error.__context__
    return error


def _refusal(name: str, error: OSError | None) -> OutputError | None:
    if error is not None and is_full(error):
        return OutputError(
            "The file “{name}” cannot be written: the disk is full. What it held before is still there; make room and "
            "try again.",
            name=name,
        )
    if error is not None and error.errno in _CLOSED:
        return OutputError("The file “{name}” cannot be written: its folder is not open for writing.", name=name)
    return None
